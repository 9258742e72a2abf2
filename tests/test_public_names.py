"""Every public module says what is public: an ``__all__`` of names that exist.

That it is sorted (constants, classes, functions) is ruff's rule RUF022.
"""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import zhupei

_MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(zhupei.__path__, "zhupei.")
    if not any(part.startswith("_") for part in found.name.split("."))
    # Migrations are found by name and have nothing to import.
    and ".migrations." not in found.name
    and ".templates" not in found.name
    # Imported by pytest itself, before it rewrites assertions.
    and found.name != "zhupei.testing.pytest_plugin"
)


@pytest.mark.parametrize("name", _MODULES)
def test_module_lists_its_public_names(name: str) -> None:
    module = importlib.import_module(name)
    if module.__file__ is None or not _has_code(module.__file__):
        return
    assert hasattr(module, "__all__"), f"{name} has no __all__"
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


def _has_code(file: str) -> bool:
    """Whether a module is more than a docstring."""
    with open(file, encoding="utf-8") as source:  # noqa: PTH123 - because the path is a str already
        return "\ndef " in (text := source.read()) or "\nclass " in text or "\nfrom " in text
