"""What plugin authors import from `zhupei`: complete, each name once, and light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import zhupei
import zhupei.testing
from zhupei.hooks import specs
from zhupei.hooks.declaration import declared_hooks


@pytest.mark.parametrize("module", [zhupei, zhupei.testing])
def test_the_names_are_there(module: object) -> None:
    names: list[str] = module.__all__  # type: ignore[attr-defined]  # every module of ours has it
    # ruff keeps them in order (RUF022).
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []
    assert dir(module) == sorted(names)


@pytest.mark.parametrize("module", [zhupei, zhupei.testing])
def test_a_name_that_is_not_there(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        module.nonsense  # type: ignore[attr-defined]  # noqa: B018 - that is the point


def test_whatever_a_hook_takes_or_gives_can_be_imported() -> None:
    """Every type in a hook's signature is public."""
    public = {id(getattr(zhupei, name)) for name in zhupei.__all__}
    domain = {
        value.__name__
        for value in vars(specs).values()
        if isinstance(value, type)
        and value.__module__.startswith("zhupei.domain")
        and id(value) not in public
    }
    assert domain == set()
    assert declared_hooks(specs)


def test_importing_it_is_light() -> None:
    """Neither pydantic nor strawberry is loaded for a plugin that needs neither."""
    script = (
        "import json, sys, zhupei; "
        "print(json.dumps([n for n in ('pydantic', 'strawberry', 'yaml', 'tortoise') "
        "if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == []
