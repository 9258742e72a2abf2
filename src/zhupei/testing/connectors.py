# ruff: noqa: S101 - because these are tests, which connectors inherit
"""The contract of connectors: what every one has to do, as tests that its own suite runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from zhupei.domain.connectors import (
    Connector,
    ConnectorUnavailableError,
    PlatformBatch,
    PlatformRecord,
    Receipt,
    ReceiptState,
    UnknownBatchError,
)

__all__ = ["ConnectorContract"]

_SECRETS = ("甲某某", "11010519491231002X", "+8613800138000", "E1234567", "乙某某")


def _batch(id_: str = "contract-batch-1") -> PlatformBatch:
    return PlatformBatch(
        id=id_,
        program="example-program",
        made_at=datetime(2026, 9, 30, 1, 0, tzinfo=UTC),
        records=(
            PlatformRecord(
                registration="0199b7a2-0000-7000-8000-000000000001",
                name=_SECRETS[0],
                number=_SECRETS[1],
                phone=_SECRETS[2],
                base="example-hospital",
                specialty="0100",
                year=2026,
                starts_on=date(2026, 9, 1),
                codes={"identity_kind": "RESIDENT_ID", "trainee_type": "SOCIAL"},
            ),
            # All that may be unknown is unknown.
            PlatformRecord(
                registration="0199b7a2-0000-7000-8000-000000000002",
                name=_SECRETS[4],
                number=_SECRETS[3],
                base="example-hospital",
                specialty="0200",
                year=2026,
            ),
        ),
    )


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {record.__dict__}")


@contextmanager
def _everything_logged() -> Iterator[list[str]]:
    kept, root = _Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    try:
        yield kept.said
    finally:
        root.setLevel(level)
        root.removeHandler(kept)


class ConnectorContract:
    """Subclass it as ``TestContract`` and say how a connector to an empty platform is made.

    ``submissions`` counts how many batches the platform has received; ``unreachable`` makes a
    connector whose platform is away. Each test makes its own: the platform of one is not that of
    another.
    """

    def connector(self) -> Connector:
        """Return a connector to a platform of this test's own, which knows of no batch yet."""
        raise NotImplementedError

    def submissions(self) -> int:
        """Return how many batches the platform of the last `connector` has received."""
        raise NotImplementedError

    def unreachable(self) -> Connector:
        """Return a connector whose platform cannot be reached."""
        raise NotImplementedError

    def test_it_is_a_connector_with_a_name(self) -> None:
        """It has what `Connector` asks for."""
        connector = self.connector()
        assert isinstance(connector, Connector)
        assert connector.name
        assert connector.name.isascii()

    def test_a_batch_is_taken_and_can_be_asked_about(self) -> None:
        """What was handed over has a receipt, the same when it is asked for."""
        connector, batch = self.connector(), _batch()

        async def run() -> tuple[Receipt, Receipt]:
            return await connector.submit(batch), await connector.status(batch.id)

        receipt, later = asyncio.run(run())
        assert self.submissions() == 1
        assert (receipt.batch, later.batch) == (batch.id, batch.id)
        assert receipt.reference
        assert later.reference == receipt.reference
        known = {each.registration for each in batch.records}
        for each in (receipt, later):
            assert {one.registration for one in each.problems} <= known
            assert each.state is ReceiptState.REJECTED or not each.problems

    def test_the_same_batch_is_handed_over_once(self) -> None:
        """A repetition, also at the same moment, is answered and reaches nobody."""
        connector, batch = self.connector(), _batch()

        async def run() -> list[Receipt]:
            together = await asyncio.gather(*(connector.submit(batch) for _ in range(3)))
            return [*together, await connector.submit(_batch())]

        receipts = asyncio.run(run())
        assert len({each.reference for each in receipts}) == 1
        assert self.submissions() == 1

    def test_another_batch_is_another(self) -> None:
        """Two batches have two references."""
        connector = self.connector()

        async def run() -> list[Receipt]:
            return [await connector.submit(_batch(id_)) for id_ in ("contract-1", "contract-2")]

        first, second = asyncio.run(run())
        assert first.reference != second.reference
        assert self.submissions() == 2

    def test_a_batch_that_nobody_submitted_is_unknown(self) -> None:
        """Neither PENDING nor anything else is made up; hostile ids are no exception."""
        for id_ in ("nobody-knows-this", "", "../../etc/passwd", "x" * 10_000):
            connector = self.connector()
            try:
                asyncio.run(connector.status(id_))
            except UnknownBatchError:
                continue
            raise AssertionError(f"{id_[:40]!r} is known")

    def test_a_platform_that_is_away_is_said_to_be(self) -> None:
        """With the one error that means: try the same batch again later."""
        for ask in ("submit", "status"):
            connector = self.unreachable()
            try:
                if ask == "submit":
                    asyncio.run(connector.submit(_batch()))
                else:
                    asyncio.run(connector.status(_batch().id))
            except ConnectorUnavailableError as error:
                said = error.message
            else:
                raise AssertionError(f"{ask} did not say that the platform is away")
            assert said.zh
            assert said.en
            assert not [secret for secret in _SECRETS if secret in f"{said.zh}{said.en}"]

    def test_a_batch_is_left_as_it_is(self) -> None:
        """Whoever submitted it may submit it again."""
        batch = _batch()
        asyncio.run(self.connector().submit(batch))
        assert batch == _batch()

    def test_nothing_personal_is_logged(self) -> None:
        """At no level, neither name nor number nor phone."""
        with _everything_logged() as said:
            connector = self.connector()

            async def run() -> None:
                await connector.submit(_batch())
                await connector.status(_batch().id)

            asyncio.run(run())
        assert not [secret for secret in _SECRETS if secret in "\n".join(said)]

    def test_an_empty_batch_is_a_batch(self) -> None:
        """A program without anybody is not an error."""
        empty = PlatformBatch(
            id="contract-empty", program="p", made_at=datetime(2026, 9, 30, tzinfo=UTC), records=()
        )
        receipt = asyncio.run(self.connector().submit(empty))
        assert receipt.problems == ()
