"""Does not come to an end when it is imported."""

from __future__ import annotations

import time

time.sleep(3600)
