"""A request that is sent twice at once and overtaken by itself is answered as the faster one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from admissions_office import PAEDIATRICS, Office, done
from zhupei.domain.admission_process import ApplicationState
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs, objections, transfers

Asked = Callable[[], Awaitable[Any]]


async def overtaken(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, ask: Asked
) -> tuple[Any, Any]:
    """Ask, and once more just before the slower one comes to ``name``; return both answers."""
    original = getattr(module, name)
    faster: list[Any] = []

    async def slow(*given: Any) -> Any:
        if not faster:
            faster.append(None)
            faster[0] = await ask()
        return await original(*given)

    monkeypatch.setattr(module, name, slow)
    return await ask(), faster[0]


@pytest.mark.parametrize("name", ["situation_of", "standing_against", "_consent", "check_steps"])
async def test_a_transfer(office: Office, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    office.go("2026-04-10T09:00")
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    given = inputs.TransferApplicationInput(
        consent="书面同意",
        application=case.id,
        opening=PAEDIATRICS,
        direction="neonatology",
        reason="x",
        idempotency_key="k",
    )
    slower, faster = await overtaken(
        monkeypatch,
        transfers,
        name,
        lambda: admissions.transfer_application(office.staff(), given),
    )
    assert done(slower) == done(faster)
    assert slower.transferred_from == case.id
    before = await office.everything()
    await office.refuses(
        RefusalCode.NOT_ALLOWED_IN_STATE,
        await admissions.transfer_application(
            office.staff(), replace(given, idempotency_key="another")
        ),
    )
    assert await office.everything() == before


@pytest.mark.parametrize("upheld", [False, True])
@pytest.mark.parametrize("name", ["situation_of", "repeated_request", "standing_against"])
async def test_a_decision_on_an_objection(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str, upheld: bool
) -> None:
    """Upheld, it ends the application, in which state no objection is decided on."""
    first, second = await office.published(90, 80)
    filed = inputs.FileObjectionInput(application=first.id, text="材料不实")
    objection = done(await admissions.file_objection(office.own(second.applicant), filed))
    given = inputs.ResolveObjectionInput(
        objection=objection.id, upheld=upheld, resolution="x", idempotency_key="k"
    )
    slower, faster = await overtaken(
        monkeypatch,
        objections,
        name,
        lambda: admissions.resolve_objection(office.staff(), given),
    )
    assert done(slower) == done(faster)
    assert slower.upheld is upheld
    state = ApplicationState.REJECTED if upheld else first.state
    assert (await office.case(first.id)).state is state
    before = await office.everything()
    other = replace(given, upheld=not upheld, idempotency_key="another")
    await office.refuses(
        RefusalCode.DUPLICATE, await admissions.resolve_objection(office.staff(), other)
    )
    assert await office.everything() == before
