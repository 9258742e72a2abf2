"""Tools for tests of plugins: load one, ask it, replace it for a moment, hold it to the contract.

A plugin's tests need three lines to run everything that zhupei asks of every plugin::

    class TestContract(PluginContract):
        slug = "my-hospital"
        folder = Path(__file__).parents[1]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhupei.hooks.answers import Answer, HookFailure, Merged, Result
    from zhupei.hooks.dispatch import Dispatcher
    from zhupei.hooks.manager import PluginHost
    from zhupei.hooks.scope import Naming, Rights, Scope
    from zhupei.testing.connectors import ConnectorContract
    from zhupei.testing.contract import PluginContract
    from zhupei.testing.factories import (
        a_base,
        a_benefit,
        a_candidate,
        a_cycle,
        a_degree,
        a_profile,
        a_program,
        a_request,
        a_requirement,
        a_submission,
        a_trainee,
        an_actor,
        an_admission_step,
        an_application,
        an_assessment,
        an_assessment_record,
        an_event,
        an_opening,
    )
    from zhupei.testing.plugins import FakeZhupei, ask, load_plugin, temporary_plugin

__all__ = [
    "Answer",
    "ConnectorContract",
    "Dispatcher",
    "FakeZhupei",
    "HookFailure",
    "Merged",
    "Naming",
    "PluginContract",
    "PluginHost",
    "Result",
    "Rights",
    "Scope",
    "a_base",
    "a_benefit",
    "a_candidate",
    "a_cycle",
    "a_degree",
    "a_profile",
    "a_program",
    "a_request",
    "a_requirement",
    "a_submission",
    "a_trainee",
    "an_actor",
    "an_admission_step",
    "an_application",
    "an_assessment",
    "an_assessment_record",
    "an_event",
    "an_opening",
    "ask",
    "load_plugin",
    "temporary_plugin",
]

# Lazy, as every run of pytest imports this package for the sake of its fixtures.
_MODULES = {
    "Answer": "zhupei.hooks.answers",
    "ConnectorContract": "zhupei.testing.connectors",
    "Dispatcher": "zhupei.hooks.dispatch",
    "FakeZhupei": "zhupei.testing.plugins",
    "HookFailure": "zhupei.hooks.answers",
    "Merged": "zhupei.hooks.answers",
    "Naming": "zhupei.hooks.scope",
    "PluginContract": "zhupei.testing.contract",
    "PluginHost": "zhupei.hooks.manager",
    "Result": "zhupei.hooks.answers",
    "Rights": "zhupei.hooks.scope",
    "Scope": "zhupei.hooks.scope",
    "a_base": "zhupei.testing.factories",
    "a_benefit": "zhupei.testing.factories",
    "a_candidate": "zhupei.testing.factories",
    "a_cycle": "zhupei.testing.factories",
    "a_degree": "zhupei.testing.factories",
    "a_profile": "zhupei.testing.factories",
    "a_program": "zhupei.testing.factories",
    "a_request": "zhupei.testing.factories",
    "a_requirement": "zhupei.testing.factories",
    "a_submission": "zhupei.testing.factories",
    "a_trainee": "zhupei.testing.factories",
    "an_actor": "zhupei.testing.factories",
    "an_admission_step": "zhupei.testing.factories",
    "an_application": "zhupei.testing.factories",
    "an_assessment": "zhupei.testing.factories",
    "an_assessment_record": "zhupei.testing.factories",
    "an_event": "zhupei.testing.factories",
    "an_opening": "zhupei.testing.factories",
    "ask": "zhupei.testing.plugins",
    "load_plugin": "zhupei.testing.plugins",
    "temporary_plugin": "zhupei.testing.plugins",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - because most runs of pytest never come here

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
