"""What a base's office does every morning, by a client that ariadne-codegen made."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TextIO

import httpx
from zhupei_graph import (
    ApplicationsApplicationsEdgesNode,
    ApplicationState,
    CheckEligibilityRecordEligibilityCheckApplication,
    Graph,
    GraphQLClientGraphQLMultiError,
    GraphQLClientHttpError,
    RecordEligibilityCheckInput,
)

_URL = os.environ.get("GRAPH_URL", "http://127.0.0.1:8000/graphql")
_LANGUAGE = os.environ.get("GRAPH_LANGUAGE", "en")


async def applications(graph: Graph, base: str) -> AsyncIterator[ApplicationsApplicationsEdgesNode]:
    """Yield a base's applications; the next page is asked for when it is needed."""
    after: str | None = None
    while True:
        page = (await graph.applications(base, after)).applications
        if page is None:  # beside an error, which was raised
            return
        for edge in page.edges:
            yield edge.node
        if not page.page_info.has_next_page:
            return
        after = page.page_info.end_cursor


async def show_queue(graph: Graph, base: str) -> None:
    """Print what waits for the office, and what is late."""
    queue = (await graph.queue(base)).office_queue
    if queue is None:
        return
    print(f"waiting: {queue.total}")
    for line in queue.lines:
        late = ", overdue" if line.overdue else ""
        print(f"  {line.count} x {line.state_label} ({line.program_code}{late}): {line.todo}")


async def write_applications(graph: Graph, base: str, file: TextIO) -> int:
    """Write a base's applications as CSV; return how many there are."""
    rows = csv.writer(file)
    rows.writerow(("application", "name", "opening", "state", "submitted"))
    count = 0
    async for one in applications(graph, base):
        name = "" if one.applicant is None else one.applicant.name
        submitted = "" if one.submitted_at is None else one.submitted_at.isoformat()
        rows.writerow((one.id, name, one.opening_code, one.state.value, submitted))
        count += 1
    return count


async def fetch_registrations(papers: httpx.AsyncClient, base: str, file: Path) -> int:
    """Fetch the list of those registered as the province asks for it; return its size in bytes."""
    answer = await papers.get("/papers/registrations.xlsx", params={"base": base})
    answer.raise_for_status()
    file.write_bytes(answer.content)
    return len(answer.content)


async def check(graph: Graph, application: str) -> str:
    """Record that the check of eligibility was passed; return what came of it."""
    answer = await graph.check_eligibility(
        # A repeated key repeats the answer, not the deed: it may be sent again after a failure.
        RecordEligibilityCheckInput(
            application=application, passed=True, idempotency_key=str(uuid.uuid4())
        )
    )
    done = answer.record_eligibility_check
    if done is None:
        return "nothing"
    if isinstance(done, CheckEligibilityRecordEligibilityCheckApplication):
        return done.state.value
    # Whatever else the union holds is a refusal, after which nothing has changed.
    return f"{done.code.value}: {done.message}"


async def next_change(graph: Graph, base: str, subscribed: asyncio.Event) -> str:
    """Wait until an application changes; return its state."""
    async for event in graph.changes(base):
        subscribed.set()
        change = event.application_changed
        # The first event says `readAgain`: subscribe first, then read.
        if change.application is not None:
            return change.application.state.value
    return "the server stopped"


async def main(folder: Path) -> None:
    """Look at the queue, export, and check the first application that waits for it."""
    token = os.environ.get("GRAPH_TOKEN")
    if not token:
        sys.exit("set GRAPH_TOKEN to the token of an office: zhupei token LOGIN")
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": _LANGUAGE}
    async with (
        httpx.AsyncClient(base_url=_URL.removesuffix("/graphql"), headers=headers) as papers,
        Graph(
            url=_URL,
            headers=headers,
            ws_url=_URL.replace("http", "ws", 1),
            # Not headers, which browsers cannot set: a WebSocket is signed in by `connection_init`.
            ws_connection_init_payload={
                "authorization": headers["Authorization"],
                "accept-language": _LANGUAGE,
            },
        ) as graph,
    ):
        viewer = (await graph.desk()).viewer
        grants = [] if viewer is None else viewer.grants
        bases = {grant.base.code: grant.base.name for grant in grants if grant.base is not None}
        for code, name in bases.items():
            print(f"# {name}")
            await show_queue(graph, code)
            with (folder / f"{code}-applications.csv").open("w", encoding="utf-8") as file:
                print(f"applications written: {await write_applications(graph, code, file)}")
            size = await fetch_registrations(papers, code, folder / f"{code}-registrations.xlsx")
            print(f"registrations written: {size > 0}")
            waiting = [
                one.id
                async for one in applications(graph, code)
                if one.state is ApplicationState.SUBMITTED
            ]
            if waiting:
                subscribed = asyncio.Event()
                watching = asyncio.create_task(next_change(graph, code, subscribed))
                await subscribed.wait()
                outcome = await check(graph, waiting[0])
                print(f"checked: {outcome}")
                if ":" not in outcome:
                    print(f"watched: {await watching}")
                print(f"checked again: {await check(graph, waiting[0])}")
                watching.cancel()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    except GraphQLClientHttpError as error:
        sys.exit(f"{error}. 401 is a token that does not hold, or no longer.")
    except GraphQLClientGraphQLMultiError as error:
        for one in error.errors:
            print(f"{(one.extensions or {}).get('code')}: {one.message}", file=sys.stderr)
        sys.exit(1)
