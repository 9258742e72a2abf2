"""A round that is frozen while something in it is written: tests of who waits for whom."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from admissions_office import done
from zhupei.services.admissions import Desk, freeze_round
from zhupei.services.admissions.inputs import FreezeRoundInput

__all__ = ["frozen_during"]


@asynccontextmanager
async def frozen_during(
    module: ModuleType, function: str, desk: Desk, program: str, round_code: str
) -> AsyncIterator[None]:
    """Ask for a freeze once a function of a module was called, which a transaction awaits.

    Fails unless the freeze waits for that transaction; when the block is left, it is answered.
    """
    original = getattr(module, function)
    given = FreezeRoundInput(program=program, round=round_code, reason="核查")
    freezing: list[asyncio.Task[Any]] = []

    async def overtaken(*values: Any, **named: Any) -> Any:
        answer = await original(*values, **named)
        if not freezing:
            # Not in the transaction of this one.
            apart = contextvars.Context()
            freezing.append(asyncio.create_task(freeze_round(desk, given), context=apart))
            # It would be there by now, were it not for this transaction.
            _, waiting = await asyncio.wait(freezing, timeout=0.5)
            assert waiting == set(freezing), "the freeze was answered before the change was kept"
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, function, overtaken)
        yield
        assert freezing, f"{function} was not called"
        done(await freezing[0])
