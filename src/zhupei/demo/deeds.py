"""What steps do on the stage, each by the door that everybody else uses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openpyxl

from zhupei.demo.scenario import Deed, Scenario, Step
from zhupei.demo.stage import PASSWORD, Stage
from zhupei.domain.text import Language
from zhupei.services.audit import verify_audit_chain
from zhupei.services.issuing.signing import open_signing_keys
from zhupei.services.papers.publicity_file import verify_signed_file
from zhupei.services.papers.publicity_list import PublicityListError

__all__ = ["Answer", "Refused", "carry_out"]

_REFUSALS = frozenset({"ActionRefused", "InvalidInput", "PluginProblem"})
_MUTATION = re.compile(r"^[ \t]*mutation\b", re.MULTILINE)
_SCORE_COLUMNS = re.compile("满分")


@dataclass(frozen=True, slots=True)
class Refused:
    """That a step was refused: the code, the message in the language asked for, and all of it.

    ``codes`` are all that were named where several things are wrong at once.
    """

    code: str
    message: str
    whole: Any = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step answered."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A step with its references filled in, and where it is carried out."""

    stage: Stage
    scenario: Scenario
    step: Step
    block: Mapping[str, Any]
    language: Language

    @property
    def by(self) -> str | None:
        who = self.block.get("by")
        return None if who is None else str(who)

    @property
    def what(self) -> Any:
        return self.block[self.step.deed.value]

    async def headers(self) -> dict[str, str]:
        return await self.stage.headers(self.by, self.language)


async def carry_out(
    stage: Stage, scenario: Scenario, step: Step, block: Mapping[str, Any], language: Language
) -> Answer | Refused:
    """Carry a step out; ``block`` is what stands there with its references filled in."""
    given = _Given(stage=stage, scenario=scenario, step=step, block=block, language=language)
    return await _DEEDS[step.deed](given)


async def _do(given: _Given) -> Answer | Refused:
    query = given.scenario.operations[given.what]
    variables = given.block.get("with") or {}
    if _MUTATION.search(query):
        variables = {"input": variables}
    response = await given.stage.client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers=await given.headers(),
    )
    body = response.json()
    if body.get("errors"):
        return _error(body)
    data: dict[str, Any] = body["data"]
    found = next(iter(data.values())) if len(data) == 1 else data
    if isinstance(found, dict) and found.get("__typename") in _REFUSALS:
        return Refused(found["code"], found["message"], found)
    return Answer(found)


async def _sign_up(given: _Given) -> Answer | Refused:
    response = await given.stage.client.post(
        "/sign-up",
        json={**given.what, "password": PASSWORD},
        headers={"accept-language": given.language.value},
    )
    if response.is_error:
        return _error(response.json())
    given.stage.remember(given.what["login"], response.json())
    return Answer({"login": given.what["login"]})


async def _upload(given: _Given) -> Answer | Refused:
    kept = {}
    for document, name in given.what.items():
        response = await given.stage.client.put(
            f"/files/{document}",
            content=_file(given, str(name)),
            headers=await given.headers(),
        )
        if response.is_error:
            return _error(response.json())
        kept[document] = response.json()
    return Answer(kept)


def _file(given: _Given, name: str) -> bytes:
    return Path(given.scenario.folder / "files" / name).read_bytes()


async def _get(given: _Given) -> Answer | Refused:
    response = await given.stage.client.get(str(given.what), headers=await given.headers())
    if response.is_error:
        return _error(response.json())
    if given.block.get("signed"):
        try:
            keys = open_signing_keys(given.stage.application.settings).public
            verify_signed_file(response.content, keys)
        except PublicityListError as error:
            return Refused(error.code, error.message.get(given.language))
    return Answer(_read(response))


def _read(response: httpx2.Response) -> Any:
    """Return an answer as data: JSON as it is, a table by its rows, a page by its text."""
    media = response.headers.get("content-type", "").partition(";")[0]
    if media == "application/json":
        return response.json()
    if media == "text/csv":
        return _rows(list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")))))
    if media.endswith("spreadsheetml.sheet"):
        sheet = openpyxl.load_workbook(io.BytesIO(response.content), read_only=True).worksheets[0]
        return _rows([list(row) for row in sheet.iter_rows(values_only=True)])
    text = response.text if media == "text/html" else None
    return {"media": media, "bytes": len(response.content), "text": text}


def _rows(table: list[list[Any]]) -> dict[str, Any]:
    heads, *rows = table
    shown = [
        {str(head): _cell(cell) for head, cell in zip(heads, row, strict=True)} for row in rows
    ]
    return {"count": len(shown), "rows": shown}


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


async def _sheet(given: _Given) -> Answer | Refused:
    """Hand a score sheet in: the blank one, with the points that the scenario gives."""
    headers = await given.headers()
    blank = await given.stage.client.get(
        "/score-sheets/blank.csv", params=given.what, headers=headers
    )
    if blank.is_error:
        return _error(blank.json())
    heads, *rows = csv.reader(io.StringIO(blank.content.decode("utf-8-sig")))
    columns = [at for at, head in enumerate(heads) if _SCORE_COLUMNS.search(head)]
    fill: Mapping[str, list[Any]] = given.block.get("fill") or {}
    for row in rows:
        for at, points in zip(columns, fill.get(row[0], ()), strict=False):
            row[at] = str(points)
    renamed: Mapping[str, str] = given.block.get("headers") or {}
    table = io.StringIO()
    csv.writer(table).writerows([[renamed.get(head, head) for head in heads], *rows])
    response = await given.stage.client.put(
        "/score-sheets",
        params=given.what,
        content=table.getvalue().encode(),
        headers={**headers, "content-type": "text/csv"},
    )
    return _error(response.json()) if response.is_error else Answer(response.json())


async def _letters(given: _Given) -> Answer | Refused:
    await given.stage.work_off()
    to = (given.what or {}).get("to")
    box = given.stage.letterbox
    letters = box.letters if to is None else box.to(str(to))
    return Answer(
        {
            "count": len(letters),
            "subjects": [each.subject for each in letters],
            "attachments": [name for each in letters for name in each.attachments],
        }
    )


async def _audit(given: _Given) -> Answer | Refused:
    with given.stage.application.database.use():
        report = await verify_audit_chain()
    return Answer(
        {
            "whole": report.broken is None,
            "records": report.records,
            "applications": report.applications,
            "break": None if report.broken is None else report.broken.reason.get(given.language),
        }
    )


async def _wait(_given: _Given) -> Answer | Refused:
    return Answer(None)


def _error(body: Any) -> Refused:
    codes = tuple(str(each.get("extensions", {}).get("code")) for each in body["errors"])
    return Refused(codes[0], str(body["errors"][0]["message"]), body, codes)


_DEEDS: Mapping[Deed, Callable[[_Given], Awaitable[Answer | Refused]]] = {
    Deed.DO: _do,
    Deed.SIGN_UP: _sign_up,
    Deed.UPLOAD: _upload,
    Deed.GET: _get,
    Deed.SHEET: _sheet,
    Deed.LETTERS: _letters,
    Deed.AUDIT: _audit,
    Deed.WAIT: _wait,
}
