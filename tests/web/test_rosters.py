"""Rosters over HTTP: the form out, the file back, all problems as JSON."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from admissions_office import HOSPITAL, Office, sample_catalogue
from job_place import KEYRING
from zhupei.db.connection import Database
from zhupei.db.models import TraineeRow
from zhupei.domain.actors import Actor, Grant
from zhupei.graphql.context import GraphContext
from zhupei.web.rosters import roster_routes

PATH = f"/rosters?program={HOSPITAL}"
OFFICE = Actor(id="office", grants=frozenset({Grant("base_office", base="sample-hospital")}))
GOOD = (
    "姓名,证件号码,专业代码,人员类型,培训开始日期\r\n"
    "样例一,11010519491231002X,0100,社会人,2025年9月1日\r\n"
).encode("gb18030")


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


def served(office: Office, actor: Actor | None) -> httpx2.AsyncClient:
    async def context(request: Request, response: Response) -> GraphContext:
        del request, response
        return GraphContext(
            catalogue=office.loaded.catalogue,
            dispatcher=office.loaded.dispatcher,
            clock=lambda: office.now,
            actor=actor,
            keyring=lambda: KEYRING,
            database=office.database,
        )

    app = Starlette(routes=roster_routes(context))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://zhupei")


async def test_the_form_and_the_file(office: Office) -> None:
    async with asyncio.timeout(60), served(office, OFFICE) as client:
        with office.database.use():
            for ending in ("xlsx", "csv"):
                form = await client.get(f"/rosters/blank.{ending}")
                assert form.status_code == 200
                assert form.headers["content-disposition"] == (
                    f'attachment; filename="roster.{ending}"'
                )
            dry = await client.put(f"{PATH}&dry_run=1", content=GOOD)
            assert (dry.status_code, dry.json()["added"], dry.json()["dryRun"]) == (200, 1, True)
            assert await TraineeRow.all().count() == 0
            real = await client.put(PATH, content=GOOD)
            assert real.status_code == 201
            answer = real.json()
            assert {name: answer[name] for name in ("rows", "added", "unchanged", "newPeople")} == {
                "rows": 1, "added": 1, "unchanged": 0, "newPeople": 1,
            }  # fmt: skip
            assert real.headers["cache-control"] == "no-store"
            again = await client.put(PATH, content=GOOD)
            assert (again.status_code, again.json()["unchanged"]) == (200, 1)


async def test_problems_come_with_row_and_cell(office: Office) -> None:
    async with served(office, OFFICE) as client:
        with office.database.use():
            wrong = GOOD.replace(b"0100", b"0101")
            found = await client.put(PATH, content=wrong, headers={"accept-language": "en"})
            assert found.status_code == 422
            assert found.json() == {
                "errors": [
                    {
                        "message": "the program has these only: 0100, 0200, 0900",
                        "extensions": {
                            "code": "ROSTER_CELL", "row": 2, "cell": "C2", "hint": None,
                        },
                    }
                ]
            }  # fmt: skip
            large = await client.put(PATH, content=b"x" * (5 * 1024 * 1024 + 1))
            assert large.status_code == 413
            assert large.json()["errors"][0]["message"] == "文件超过 5 MB"
            assert await TraineeRow.all().count() == 0


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (None, 401),
        (Actor(id="a", grants=frozenset({Grant("auditor")})), 403),
        (Actor(id="o", grants=frozenset({Grant("base_office", base="sample-clinic")})), 403),
    ],
)
async def test_who_may_not(office: Office, actor: Actor | None, status: int) -> None:
    async with served(office, actor) as client:
        with office.database.use():
            assert (await client.put(PATH, content=GOOD)).status_code == status
            assert await TraineeRow.all().count() == 0
