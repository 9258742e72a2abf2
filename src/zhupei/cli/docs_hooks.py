"""Writes ``docs/hooks.md``: every hook with its promise and an example that tests run.

The promise is the hook's own docstring, the example its implementation in the plugin that the
test suite keeps for this purpose; `zhupei docs` writes the page, and a test keeps it up to date.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhupei.hooks.declaration import Hook

__all__ = ["hooks_page"]

_HEAD = """\
# Hooks

Everything that zhupei asks of plugins. A plugin implements the hooks that it needs with `@hookimpl`
and takes those arguments that it needs, by name; [Writing plugins](writing-plugins.md) begins at
the beginning. This page is generated from `src/zhupei/hooks/specs.py`; do not edit it,
run `zhupei docs --write`.

## How hooks are asked

**Who may implement what** follows from who names the plugin, not from what it claims.

| named by | rights | asked about |
|---|---|---|
| a base's file | institution | this base |
| a jurisdiction's file | jurisdiction | the bases below it |
| `zhupei.yaml` | platform, the hooks of reach PLATFORM too | every base (see below) |

No plugin is ever asked about another hospital: one that both `zhupei.yaml` and a base's or
jurisdiction's file name has all rights, and is asked about those bases only. A plugin that goes
beyond its rights is left out, with a message that names the hook (`HOOK_NOT_PERMITTED`).

**In which order** plugins are asked is the administrative one: institution, jurisdictions from the
nearest up, `zhupei.yaml`'s, the core's own. Wrappers and ordering flags of `hookimpl` are refused.

**How answers become one** is the hook's mode.

| mode | the answer is |
|---|---|
| EACH | every plugin's, each for itself |
| FIRST | the first that is not None, nearest plugin first |
| MERGE | one list from the nation down; an item replaces the one with the same `id` above it |
| GATHER | all of them, one after another |
| NOTIFY | nothing |

**`def` or `async def`**: both, but for those marked *plain function*. A plain function of a plugin
runs in a thread, where it may wait for what it likes; a coroutine in the event loop, which it must
not hold up. Each is given five seconds. Functions that were quick lately (0.2 ms) are run together,
in one turn of one thread, and waited for on the spot, 5 ms at most in all; for any other nobody
waits but who asked. A coroutine that need not wait costs the least. Where all plugins of a page
answer at once, and the same as last time, the page is put together from what was written then.

**Answers that hold**: `@holds(seconds=30)` below `@hookimpl` says that an answer need not be asked
for again for so long, `@holds()` that it follows from the arguments alone, until the configuration
changes. Such answers are kept with the page that they stand in, and many who want one at the same
time ask once. Only hooks that are asked at a *read* take it; failures are never kept.

**Arguments** are frozen objects of the domain, never rows of the database. A `candidate` carries
facts, no name, identity number or phone. `config` is the plugin's own validated block below
`extra:` of the file that concerns the base, None where there is none.

**Answers are checked**: the return annotation is executed, without conversion. `"3"` is no number
of seats. A wrong answer names plugin, hook and place (`answer[1].seats: expected int, got str`).
Items with a `level` carry the level that the plugin speaks for.

**When a plugin fails** (raises, hangs, answers nonsense), the others and the other bases never
notice.

| time | what follows |
|---|---|
| start-up, schema composition | the plugin is left out, its bases are `DEGRADED` |
| catalogue build | the base keeps the next level's answer and is `DEGRADED` |
| decision | it fails closed: nothing changes, also where the plugin was left out |
| read | the one field is null, and `extensions` name plugin and hook |
| lifespan, command line, after commit | it is logged |

With `ZHUPEI_STRICT=1` the process stops instead of leaving a plugin out.
`ZHUPEI_DISABLED_PLUGINS` switches plugins off without touching a file; they then block nothing.
"""


def hooks_page(example: Path) -> str:
    """Return the page; ``example`` is the module that implements every hook.

    Raises:
        KeyError: it leaves one out.

    """
    # Here, not at the top: the command line imports this module whatever it is asked to do.
    from zhupei.hooks import specs  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.declaration import declared_hooks  # noqa: PLC0415 - see zhupei.cli

    examples = _functions(example)
    hooks = declared_hooks(specs)
    summary = [
        f"| [`{hook.name}`](#{_anchor(hook.signature)}) | {_first_line(hook)} "
        f"| {hook.mode} | {hook.reach} | {hook.when} |"
        for hook in hooks.values()
    ]
    table = ["| hook | | mode | reach | when |", "|---|---|---|---|---|", *summary, ""]
    parts = [_HEAD, "## All hooks\n", "\n".join(table)]
    parts += [_section(hook, getattr(specs, name), examples[name]) for name, hook in hooks.items()]
    return "\n".join(parts)


def _section(hook: Hook, function: object, example: str) -> str:
    first, _, rest = hook.doc.partition("\n\n")
    promises = re.findall(r"^([A-Z][a-z ]+): (.+(?:\n(?![A-Z][a-z ]+: ).+)*)", rest, re.MULTILINE)
    plain = " · plain function" if hook.sync else ""
    annotation = inspect.signature(function).return_annotation  # type: ignore[arg-type]  # a function
    lines = [
        f"## {hook.signature}\n",
        f"{first}\n",
        f"**{hook.mode} · {hook.reach} · {hook.when}{plain}** → `{annotation}`\n",
        *(f"- **{name}:** {' '.join(text.split())}" for name, text in promises),
    ]
    # Docstrings mark code as reStructuredText does, the page as Markdown does.
    text = "\n".join(lines).replace("``", "`")
    return f"{text}\n\n```python\n{example}\n```\n"


def _first_line(hook: Hook) -> str:
    return hook.doc.splitlines()[0].rstrip(".").replace("``", "`")


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _functions(module: Path) -> dict[str, str]:
    """Return the text of every function of a module, decorators included, by name."""
    text = module.read_text("utf-8")
    lines = text.splitlines()
    return {
        node.name: textwrap.dedent(
            "\n".join(lines[node.decorator_list[0].lineno - 1 : node.end_lineno])
        )
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
    }
