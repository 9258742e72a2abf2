"""``python -m zhupei`` is the command ``zhupei``."""

from __future__ import annotations

import sys

from zhupei.cli import main

__all__: list[str] = []

sys.exit(main())
