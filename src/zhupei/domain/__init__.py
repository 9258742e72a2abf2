"""The residency domain in pure Python: frozen dataclasses and functions, no I/O."""
