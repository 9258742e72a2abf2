"""The results as Markdown tables and as plots, and their place in docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.plots import bars, lines
from benchmarks.peers.servers import PEERS
from benchmarks.peers.workload import QUERIES

__all__ = ["markdown", "write"]

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_TITLES = {peer.name: peer.title for peer in PEERS}
_PLOTS = Path("performance")


def markdown(results: dict[str, Any]) -> str:
    """Return all tables."""
    parts = [_conditions(results), *_queries(results)]
    if results.get("unlike"):
        parts.append(_unlike(results))
    parts += [_servers(results), _first_uses(results)]
    if results["growth"]:
        parts.append(_growth(results))
    if results["pages"]:
        parts.append(_pages(results))
    for name, text in results["scripts"].items():
        parts.append(f"### `{name}`\n\n```\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def write(results: dict[str, Any], docs: Path) -> None:
    """Put the tables between the marks of performance.md, and the plots beside it.

    Raises:
        ValueError: performance.md has no marks.

    """
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} needs {_BEGIN} and {_END}")
    plots = docs / _PLOTS
    plots.mkdir(exist_ok=True)
    shown = []
    for name, title, picture in _pictures(results):
        (plots / f"{name}.svg").write_text(picture, encoding="utf-8")
        shown.append(f"![{title}]({_PLOTS / name}.svg)")
    body = "\n\n".join([markdown(results).rstrip(), *shown])
    page.write_text(f"{before}{_BEGIN}\n\n{body}\n\n{_END}{after}", encoding="utf-8")


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _conditions(results: dict[str, Any]) -> str:
    effort = results["effort"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"Measured {results['date']} at commit `{results['commit']}`: {results['processor']}, "
        f"{results['cores']} cores, {results['memory_gigabytes']} GB, load average "
        f"{results['load_average']} before the run (other work on the machine). {versions}. "
        f"{results['bases']:,} bases; {effort['rounds']} rounds of {effort['seconds']:g} s, "
        f"{effort['connections']} connections, generator: {_generator(results)}; "
        f"{results['compared']:,} answers compared, all alike. Medians of the rounds; ratios are "
        "medians of each round's ratio."
    )


def _generator(results: dict[str, Any]) -> str:
    return "own" if results["effort"]["own_generator"] else str(results["generator"])


def _by_peer(results: dict[str, Any], query: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for peer in PEERS:
        rows = [f for f in results["figures"] if (f["query"], f["peer"]) == (query, peer.name)]
        if rows:
            found[peer.name] = sorted(rows, key=lambda row: int(row["round"]))
    return found


def _queries(results: dict[str, Any]) -> Iterator[str]:
    for query in QUERIES:
        by_peer = _by_peer(results, query.name)
        ours = by_peer.get("zhupei")
        rows = []
        for peer, figures in by_peer.items():
            ratio = "" if ours is None else f"{_ratio(ours, figures):.2f} ×"
            rows.append(
                [
                    _TITLES[peer],
                    f"{_median(figures, 'rate'):,.1f}",
                    "" if peer == "zhupei" else ratio,
                    f"{_median(figures, 'p50'):,.1f}",
                    f"{_median(figures, 'p99'):,.1f}",
                    f"{_median(figures, 'cpu'):,.3f}",
                ]
            )
        head = ["", "requests/s", "zhupei is", "p50 ms", "p99 ms", "CPU ms/request"]
        yield f"### {query.title.capitalize()}\n\n{_table(head, rows)}"


def _unlike(results: dict[str, Any]) -> str:
    return "\n\n".join([_same_questions(results), _other_questions(results)])


def _in_way(results: dict[str, Any], way: str, query: str, peer: str) -> list[dict[str, Any]]:
    found = [
        each["figures"]
        for each in results["unlike"]
        if (each["way"], each["figures"]["query"], each["figures"]["peer"]) == (way, query, peer)
    ]
    return sorted(found, key=lambda row: int(row["round"]))


def _same_questions(results: dict[str, Any]) -> str:
    rows = []
    for query in QUERIES:
        ours = _by_peer(results, query.name).get("zhupei")
        found = [_in_way(results, way, query.name, "zhupei") for way in ("ids", "written")]
        if ours is not None and all(found):
            rates = [f"{_median(each, 'rate'):,.1f}" for each in (ours, *found)]
            rows.append([query.title, *rates, *(f"{_median(f, 'cpu'):,.3f}" for f in found)])
    head = ["", "alike", "with ids", "while others write", "CPU ms, ids", "CPU ms, others write"]
    return (
        "### zhupei asked the same in other circumstances\n\n"
        "Requests per second: where the same bytes come again (the tables above), where each "
        "request brings an id of its own, as behind a proxy, and where somebody else commits "
        "twenty times a second.\n\n" + _table(head, rows)
    )


def _other_questions(results: dict[str, Any]) -> str:
    others = ("plain", "postgraphile", "floor")
    rows = []
    for query in QUERIES:
        ours = _in_way(results, "others", query.name, "zhupei")
        if not ours:
            continue
        theirs = [_in_way(results, "others", query.name, name) for name in others]
        number = max(e["questions"] for e in results["unlike"] if e["figures"] in ours)
        asked = max(each["rate"] for each in ours) * results["effort"]["seconds"]
        rows.append(
            [
                query.title,
                f"{number:,}",
                f"{asked / number:,.1f}",
                f"{_median(ours, 'rate'):,.1f}",
                *(f"{_ratio(ours, figures):.2f} ×" if figures else "" for figures in theirs),
                f"{_median(ours, 'p50'):,.1f}",
                f"{_median(ours, 'p99'):,.1f}",
                f"{_median(ours, 'cpu'):,.3f}",
            ]
        )
    head = ["", "questions", "each asked", "requests/s", *(_TITLES[name] for name in others)]
    return (
        "### zhupei asked something else each time\n\n"
        "So many different questions in each round, all of them new to it, and how often zhupei "
        "was asked each of them; below one nobody was asked anything twice. Ratios to the peers' "
        "rates with the same questions.\n\n"
        + _table([*head, "p50 ms", "p99 ms", "CPU ms/request"], rows)
    )


def _median(figures: list[dict[str, Any]], name: str) -> float:
    return float(median(each[name] for each in figures))


def _ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    return float(median(a["rate"] / b["rate"] for a, b in zip(ours, theirs, strict=True)))


def _servers(results: dict[str, Any]) -> str:
    rows = [
        [
            _TITLES[name],
            f"{each['cold_start']:.1f}",
            f"{each['memory_idle']:,.0f}",
            f"{each['memory_after']:,.0f}",
        ]
        for name, each in results["servers"].items()
    ]
    head = ["", "cold start s", "MB at the start", "MB after the load"]
    return f"### Start and memory of one worker\n\n{_table(head, rows)}"


def _first_uses(results: dict[str, Any]) -> str:
    rows = []
    for query in QUERIES:
        cells = [query.title]
        for peer in results["servers"]:
            found = [
                f"{use['first']:,.1f} ({use['later']:,.1f})"
                for use in results["first_uses"]
                if (use["query"], use["peer"]) == (query.name, peer)
            ]
            cells.append(found[0] if found else "")
        rows.append(cells)
    head = ["", *(_TITLES[peer] for peer in results["servers"])]
    note = "Milliseconds of the first request to a fresh server (of later ones at best)."
    return f"### First use of an operation\n\n{note}\n\n{_table(head, rows)}"


def _growth(results: dict[str, Any]) -> str:
    sizes = sorted({sample["bases"] for sample in results["growth"]})
    rows = []
    for query, peer in dict.fromkeys((s["query"], s["peer"]) for s in results["growth"]):
        cells = [f"{query}, {_TITLES[peer]}"]
        for size in sizes:
            (sample,) = [
                s
                for s in results["growth"]
                if (s["query"], s["peer"], s["bases"]) == (query, peer, size)
            ]
            cells.append(f"{sample['cpu']:,.3f} ({sample['rate']:,.0f}/s)")
        rows.append(cells)
    head = ["", *(f"{size:,} bases" for size in sizes)]
    note = (
        "CPU of the server in ms per request (requests/s) with so many bases, 28 openings and "
        "about 300 trainees each. Answers have as many rows at every size, pages 10."
    )
    return f"### Growth with the data\n\n{note}\n\n{_table(head, rows)}"


def _pages(results: dict[str, Any]) -> str:
    samples = {(s["query"], s["peer"], s["page"]): s for s in results["pages"]}
    pages = sorted({page for _, _, page in samples})
    rows = []
    for query, peer in dict.fromkeys((query, peer) for query, peer, _ in samples):
        cpu = [samples[query, peer, page]["cpu"] for page in pages]
        each = (cpu[-1] - cpu[0]) / (pages[-1] - pages[0]) * 1e3
        cells = [f"{one:,.3f}" for one in cpu]
        rows.append([f"{query}, {_TITLES[peer]}", *cells, f"{each:,.1f}"])
    head = ["", *(f"{page} rows" for page in pages), "µs for each more"]
    note = (
        f"CPU of the server in ms per request with {results['bases']:,} bases and so many rows on "
        "a page. zhupei's openings are known requests, of which only the bytes are sent."
    )
    return f"### Growth with the answer\n\n{note}\n\n{_table(head, rows)}"


def _pictures(results: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, title, unit in (
        ("rate", "Requests per second", "/s"),
        ("p50", "Latency of the middle", " ms"),
        ("p99", "Latency of the slowest hundredth", " ms"),
        ("cpu", "CPU per request", " ms"),
    ):
        groups = {
            query.title: {
                _TITLES[peer]: _median(figures, name)
                for peer, figures in _by_peer(results, query.name).items()
            }
            for query in QUERIES
        }
        yield name, title, bars(title, groups, unit)
    if results["growth"]:
        series: dict[str, list[tuple[float, float]]] = {}
        for sample in results["growth"]:
            name = f"{sample['query']}, {_TITLES[sample['peer']]}"
            series.setdefault(name, []).append((sample["bases"], sample["cpu"]))
        title = "CPU per request in ms, by bases stored"
        yield "growth", title, lines(title, series)
