"""Entities that are rows: one statement for all, seen by whoever may see them, isolated."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import MEDICINE, Office, sample_catalogue
from asked_graph import core_graph
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.nodes import GlobalId
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.admissions.training_rows import registration_of_application

_COMPOSED = core_graph()
_QUERY = """query($r: [_Any!]!) { _entities(representations: $r) {
  __typename
  ... on Application { id openingCode } ... on Trainee { id endReason } ... on Base { code }
} }"""


def _office_of(base: str) -> Actor:
    return Actor(id="office", grants=frozenset({Grant("base_office", base=base)}))


def _context(office: Office, actor: Actor | None, database: Database | None) -> GraphContext:
    return GraphContext(
        catalogue=office.loaded.catalogue,
        dispatcher=office.loaded.dispatcher,
        language=Language.EN,
        clock=lambda: office.now,
        actor=actor,
        database=database,
    )


async def _ask(office: Office, actor: Actor | None, *representations: Any) -> Any:
    with office.database.use():
        return await _COMPOSED.schema.execute(
            _QUERY,
            variable_values={"r": list(representations)},
            context_value=_context(office, actor, office.database),
        )


def _application(id_: object) -> dict[str, str]:
    return {"__typename": "Application", "id": str(id_)}


class _Statements(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements of a test."""
    logger, handler = logging.getLogger("tortoise.db_client"), _Statements()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(level)


async def test_applications_are_found_together_whatever_their_number(
    database: Database, statements: list[str]
) -> None:
    office = Office(database, await sample_catalogue())
    cases = [await office.submitted() for _ in range(6)]
    actor = _office_of("sample-hospital")

    async def asked(number: int) -> tuple[Any, int]:
        statements.clear()
        result = await _ask(office, actor, *(_application(case.id) for case in cases[:number]))
        assert result.errors is None
        return result.data["_entities"], len(statements)

    _, for_one = await asked(1)
    found, for_all = await asked(len(cases))
    assert for_all == for_one > 0
    assert found == [
        {
            "__typename": "Application",
            "id": str(case.id),
            "openingCode": MEDICINE,
        }
        for case in cases
    ]


async def test_what_the_viewer_may_not_see_is_as_what_is_not_there(database: Database) -> None:
    office = Office(database, await sample_catalogue())
    case = await office.submitted()
    asked = (_application(case.id), _application(uuid4()), {"__typename": "Base", "code": "gone"})
    result = await _ask(office, _office_of("sample-clinic"), *asked)
    assert result.errors is None
    assert result.data["_entities"] == [None, None, None]
    seen = await _ask(office, _office_of("sample-hospital"), *asked)
    assert [bool(each) for each in seen.data["_entities"]] == [True, False, False]


async def test_a_trainee_is_found_by_either_id_and_its_fields_ask_for_themselves(
    database: Database,
) -> None:
    office = Office(database, await sample_catalogue())
    (case,) = await office.published(90)
    case = await office.confirmed(case)
    await office.notified(case)
    case = await office.reported(case)
    case = await office.signed(case)
    registered = await admissions.register_trainee(
        office.staff(), inputs.ApplicationInput(application=case.id)
    )
    assert not hasattr(registered, "code"), registered
    with database.use():
        trainee = await registration_of_application(case.id)
    assert trainee is not None
    one = {"__typename": "Trainee", "id": str(trainee.id)}
    other = {"__typename": "Trainee", "id": GlobalId("Trainee", str(trainee.id)).encode()}
    wrong = {"__typename": "Trainee", "id": GlobalId("Base", "sample-hospital").encode()}
    result = await _ask(office, _office_of("sample-hospital"), one, wrong, other)
    shown = {"__typename": "Trainee", "id": str(trainee.id), "endReason": None}
    assert result.data["_entities"] == [shown, None, shown]
    assert [error.message for error in result.errors] == [
        "representations.1.id: is no id of this type; take it from field id"
    ]
    auditor = Actor(id="a", grants=frozenset({Grant("auditor", base="sample-hospital")}))
    refused = await _ask(office, auditor, one)
    assert refused.data["_entities"] == [{**shown, "endReason": None}]
    assert [(error.path, error.extensions["code"]) for error in refused.errors] == [
        (["_entities", 0, "endReason"], "FORBIDDEN")
    ]


async def test_without_a_database_people_are_errors_and_the_catalogue_stands(
    database: Database,
) -> None:
    office = Office(database, await sample_catalogue())
    result: Any = await _COMPOSED.schema.execute(
        _QUERY,
        variable_values={
            "r": [_application(uuid4()), {"__typename": "Base", "code": "sample-hospital"}]
        },
        context_value=_context(office, _office_of("sample-hospital"), None),
    )
    assert result.data["_entities"] == [None, {"__typename": "Base", "code": "sample-hospital"}]
    assert [error.path for error in result.errors] == [["_entities", 0]]
