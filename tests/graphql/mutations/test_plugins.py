"""Plugins and mutations: they judge steps, a failing one refuses, and none adds mutations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import strawberry

from admissions_office import Office, sample_catalogue
from asked_graph import core_graph
from zhupei import hookimpl
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.applications import Application
from zhupei.domain.eligibility import Finding, FindingOutcome
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text
from zhupei.graphql.compose import Contribution, compose
from zhupei.graphql.context import GraphContext
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights, Scope

_COMPOSED = core_graph()
_QUERY = """mutation Do($input: RecordEligibilityCheckInput!) {
  recordEligibilityCheck(input: $input) { __typename
    ... on Refusal { code message field }
    ... on ActionRefused { findings { rule plugin message } }
    ... on PluginProblem { plugin hook } } }"""


class _Refusing:
    """Refuses every step."""

    @hookimpl
    def check_step(self, application: Application, step: AdmissionStep) -> list[Finding] | None:
        """Judge a step."""
        return [
            Finding(
                rule="photo",
                outcome=FindingOutcome.FAIL,
                level=Level.INSTITUTION,
                message=Text("照片不清晰", "the photograph is blurred"),
            )
        ]


class _Failing:
    """Fails at every step."""

    @hookimpl
    def check_step(self, application: Application, step: AdmissionStep) -> list[Finding] | None:
        """Fail."""
        raise RuntimeError("a secret of the plugin")


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        (
            _Refusing(),
            {
                "__typename": "ActionRefused",
                "code": "STEP_REFUSED",
                "message": '"Eligibility check" is refused: the photograph is blurred',
                "field": None,
                "findings": [
                    {
                        "rule": "photo",
                        "plugin": "sample",
                        "message": "the photograph is blurred",
                    }
                ],
            },
        ),
        (
            _Failing(),
            {
                "__typename": "PluginProblem",
                "code": "PLUGIN_FAILED",
                "message": "no decision could be made, so nothing changed: plugin sample, hook "
                "check_step: failed (RuntimeError)",
                "field": None,
                "plugin": "sample",
                "hook": "check_step",
            },
        ),
    ],
)
async def test_a_plugin_gates_a_mutation(
    database: Database, plugin: object, expected: dict[str, Any]
) -> None:
    office = Office(database, await sample_catalogue())
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    before = await office.everything()
    loaded = office.loaded
    naming = Naming(Rights.INSTITUTION, code="sample-hospital")
    catalogue = replace(
        loaded.catalogue,
        scopes={
            **loaded.catalogue.scopes,
            "sample-hospital": Scope(base="sample-hospital", institution=("sample",)),
        },
    )
    with database.use():
        result = await _COMPOSED.schema.execute(
            _QUERY,
            variable_values={"input": {"application": str(case.id), "passed": True}},
            context_value=GraphContext(
                catalogue=catalogue,
                dispatcher=Dispatcher(loaded.host.extended("sample", plugin, naming)),
                language=Language.EN,
                clock=lambda: office.now,
                actor=Actor(
                    id="o", grants=frozenset({Grant("base_office", base="sample-hospital")})
                ),
                database=database,
            ),
        )
    assert result.errors is None
    assert result.data == {"recordEligibilityCheck": expected}
    assert await office.everything() == before


def test_a_plugin_adds_no_mutations() -> None:
    @strawberry.type(name="Mutation")
    class Sneaky:
        """A root type that is the core's."""

        open_all: bool = True

    composed = compose([Contribution("sample", types={Sneaky: "register_types"})], slugs=["sample"])
    (problem,) = composed.problems
    assert problem.code == "TYPE_CLASH"
    assert composed.schema is composed.core
    mutation = composed.schema.core_schema.mutation_type
    assert mutation is not None
    assert "openAll" not in mutation.fields
