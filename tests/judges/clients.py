"""Asks a running graph by Python's gql: clients.py SETTINGS.json.

Settings and output are those of `clients.mjs`. It runs in an environment of its own.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gql import Client, FileVar, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport

_CODE = {"code": "hku-szh-residency-2026/0200"}
_OPENING = "query Opening($code: String!) { opening(code: $code) { id code quota } }"
_WRONG = "query Wrong { bases(first: 1000) { totalCount } }"
_WHO = "query Who { viewer { name } }"
_CREATE = """mutation Create($input: CreateApplicationInput!) { createApplication(input: $input) {
  __typename ... on Refusal { code } } }"""
_WATCH = """subscription Watch($program: String!) {
  roundChanged(program: $program) { kind readAgain } }"""
_HAND_IN = """mutation HandIn($input: HandInFileInput!) { handInFile(input: $input) {
  __typename ... on Applicant { files { document mediaType size } }
  ... on Refusal { code message field } } }"""
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


def _same(given: object, wanted: object) -> None:
    if given != wanted:
        raise AssertionError(f"{given!r} is not {wanted!r}")


async def _judge(client: str, what: str, work: Callable[[], Awaitable[None]]) -> None:
    problem = None
    try:
        async with asyncio.timeout(10):
            await work()
    except Exception:  # noqa: BLE001 - whatever a client raises is the finding
        problem = traceback.format_exc()[-1500:]
    finding = {"client": client, "what": what, "ok": problem is None, "problem": problem}
    print(json.dumps(finding), flush=True)  # noqa: T201 - what the test reads


def _seats(data: dict[str, Any]) -> None:
    _same((data["opening"]["code"], data["opening"]["quota"]), (_CODE["code"], 4))


async def _asks(name: str, transport: Any, person: str) -> None:
    """Judge what every transport can: queries, refusals, errors, a document that is none."""
    async with Client(transport=transport) as session:

        async def query() -> None:
            _seats(await session.execute(GraphQLRequest(_OPENING, variable_values=_CODE)))

        async def signed_in() -> None:
            _same(await session.execute(gql(_WHO)), {"viewer": {"name": person}})

        async def refused() -> None:
            given = {"input": {"opening": _CODE["code"]}}
            data = await session.execute(GraphQLRequest(_CREATE, variable_values=given))
            _same(
                data["createApplication"], {"__typename": "ActionRefused", "code": "ROUND_UNKNOWN"}
            )

        async def error(text: str = _WRONG) -> None:
            errors: list[Any] | None = None
            try:
                await session.execute(gql(text))
            except TransportQueryError as problem:
                errors = problem.errors
            _same([each["extensions"]["code"] for each in errors or ()], ["BAD_USER_INPUT"])

        await _judge(name, "query", query)
        await _judge(name, "signed in", signed_in)
        await _judge(name, "mutation refused", refused)
        await _judge(name, "error", error)
        await _judge(name, "invalid document", lambda: error("{ nothing }"))


async def _watches(name: str, transport: Any) -> None:
    async def watch() -> None:
        async with Client(transport=transport) as session:
            document = GraphQLRequest(_WATCH, variable_values={"program": "hku-szh-residency-2026"})
            async for data in session.subscribe(document):
                _same(data, {"roundChanged": {"kind": None, "readAgain": True}})
                return
        raise AssertionError("it ended before a first event")

    await _judge(name, "subscription", watch)


async def _uploads(name: str, transport: Any, document: str) -> None:
    async def upload() -> None:
        async with Client(transport=transport) as session:
            file = FileVar(io.BytesIO(_PNG), filename="scan.png", content_type="image/png")
            given = {"input": {"document": document, "file": file}}
            data = await session.execute(
                GraphQLRequest(_HAND_IN, variable_values=given), upload_files=True
            )
            _same(data["handInFile"]["__typename"], "Applicant")
            wanted = {"document": document, "mediaType": "image/png", "size": len(_PNG)}
            if wanted not in data["handInFile"]["files"]:
                raise AssertionError(f"{wanted} is not in {data['handInFile']['files']}")

    await _judge(name, "upload of a file", upload)


async def _main(settings: dict[str, str]) -> None:
    url, socket = settings["url"], settings["url"].replace("http", "ws", 1)
    headers = {"Authorization": f"Bearer {settings['token']}", "Accept-Language": "en"}
    person = settings["name"]
    aiohttp = "gql (aiohttp)"
    await _asks(aiohttp, AIOHTTPTransport(url, headers=headers), person)
    # A form needs a header that a page of another site cannot send.
    forms = {**headers, "GraphQL-Require-Preflight": "1"}
    await _uploads(aiohttp, AIOHTTPTransport(url, headers=forms), "identity")
    await _asks("gql (httpx)", HTTPXAsyncTransport(url, headers=headers), person)
    await _uploads("gql (httpx)", HTTPXAsyncTransport(url, headers=forms), "degree-certificate")
    await _asks(
        "gql (websockets)", WebsocketsTransport(socket, init_payload=_lower(headers)), person
    )
    await _watches("gql (websockets)", WebsocketsTransport(socket, init_payload=_lower(headers)))
    await _watches(
        "gql (aiohttp, WebSocket)",
        AIOHTTPWebsocketsTransport(socket, init_payload=_lower(headers)),
    )

    async def introspected() -> None:
        transport = AIOHTTPTransport(url, headers=headers)
        async with Client(transport=transport, fetch_schema_from_transport=True) as session:
            _seats(await session.execute(GraphQLRequest(_OPENING, variable_values=_CODE)))

    await _judge(aiohttp, "validated by introspection", introspected)

    async def blocking() -> None:
        def ask() -> dict[str, Any]:
            client = Client(transport=RequestsHTTPTransport(url, headers=headers))
            return dict(client.execute(GraphQLRequest(_OPENING, variable_values=_CODE)))

        _seats(await asyncio.to_thread(ask))

    await _judge("gql (requests)", "query", blocking)


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


asyncio.run(_main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
