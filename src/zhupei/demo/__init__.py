"""Scenarios: stories of a recruitment, played on the real application with a moved clock.

A scenario is a folder of data (`zhupei.demo.scenario`). It is played on a stage of its own: a real
server, a real PostgreSQL and a mail server in a temporary folder (`zhupei.demo.stage`). Every step
is a request that a front end would send, and says what has to come of it.
"""

from __future__ import annotations

from zhupei.demo.errors import ScenarioDiffersError, ScenarioError
from zhupei.demo.playing import Outcome, play
from zhupei.demo.scenario import Scenario, find_scenarios, read_scenario

__all__ = [
    "Outcome",
    "Scenario",
    "ScenarioDiffersError",
    "ScenarioError",
    "find_scenarios",
    "play",
    "read_scenario",
]
