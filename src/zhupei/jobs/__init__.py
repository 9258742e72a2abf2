"""What happens without anybody asking: deadlines pass, events are told, notices are delivered.

The work itself is in functions that anybody may call (`run_due`, `tell_events`, `deliver_events`);
procrastinate only decides when, on how many machines, and what to do about a worker that died.
"""

from __future__ import annotations

from zhupei.jobs.due import DueReport, run_due
from zhupei.jobs.telling import deliver_events, tell_events
from zhupei.jobs.workplace import SYSTEM, Workplace

__all__ = ["SYSTEM", "DueReport", "Workplace", "deliver_events", "run_due", "tell_events"]
