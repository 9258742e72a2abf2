"""Declaring mutations: the field, its input, and how what a use case answers is shown."""

import dataclasses
import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry
from strawberry import UNSET

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Text
from zhupei.graphql.admission_enums import RefusalCode as ShownCode
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, signed_in
from zhupei.graphql.errors import Code, GraphRefusal, bad_input
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.permissions import Noted, noted
from zhupei.graphql.sources import Computed, GraphInfo, field
from zhupei.graphql.types.refusals import RefusedAction, RefusedInput, refused
from zhupei.services import idempotency
from zhupei.services.admissions import Desk

__all__ = [
    "LONGEST_LIST",
    "LONGEST_TEXT",
    "Repeatable",
    "asked",
    "mutation",
    "once",
    "taken",
    "too_many",
    "use_case",
]

LONGEST_TEXT = 4000
"""Characters of a text at most: a reason, an opinion, an objection."""
LONGEST_LIST = 10_000
"""Entries of a list at most: the applications of a bulk step."""

_Given = TypeVar("_Given")


@strawberry.input(description="What every mutation takes (通用输入项).")
class Repeatable:
    """An input with an idempotency key."""

    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description=(
            "A key of the client's own making (幂等键), 1 to 128 printable ASCII characters, such "
            "as a UUID: a request that is repeated with it is answered as the first was, and does "
            "nothing again."
        ),
    )


class _Mutating(Noted):
    """Runs a mutation: signed in, with nothing remembered, its refusals shown as answers."""

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Ask who acts, do it, and show what came of it."""
        context: GraphContext = info.context
        # What an earlier mutation of the same request changed must not be remembered otherwise.
        context.kept.clear()
        signed_in(context)
        given = kwargs.get("input")
        # Every mutation takes the same keys, wherever it keeps what it did under one.
        key = getattr(given, "idempotency_key", None)
        against = idempotency.refused_key(key) if isinstance(key, str) else None
        if against is not None:
            return refused(against)
        try:
            _check_texts(given, "", context)
            answer = next_(source, info, **kwargs)
            answer = await answer if inspect.isawaitable(answer) else answer
        except GraphRefusal as refusal:
            return _shown_error(refusal)
        if isinstance(answer, Refusal | AccessRefusal):
            return _shown(answer, self.permission, context)
        return answer


def _check_texts(given: Any, place: str, context: GraphContext) -> None:
    """Refuse a text that is too long, anywhere in an input; a name's or a code's limit is less.

    Texts that no database takes were refused with the operation (`check_variables`).
    """
    if isinstance(given, str):
        if len(given) > LONGEST_TEXT:
            problem = Text(
                f"不得超过 {LONGEST_TEXT} 个字符",
                f"must not be longer than {LONGEST_TEXT} characters",
            )
            raise bad_input(place, problem, context.language)
    elif isinstance(given, list):
        for index, each in enumerate(given):
            _check_texts(each, f"{place}.{index}", context)
    elif getattr(type(given), "__strawberry_definition__", None) is not None:
        within = f"{place}." if place else ""
        for part in dataclasses.fields(given):
            _check_texts(getattr(given, part.name), f"{within}{_camel(part.name)}", context)


def _shown(refusal: Refusal | AccessRefusal, permission: str, context: GraphContext) -> Any:
    if refusal.code in {RefusalCode.NOT_PERMITTED, AccessCode.FORBIDDEN}:
        raise GraphRefusal(Code.FORBIDDEN, refusal.message, context.language, permission=permission)
    return refused(refusal)


def _shown_error(refusal: GraphRefusal) -> Any:
    """Return a refusal of the input, raised while it was read, as an answer."""
    argument = (refusal.extensions or {}).get("argument")
    if refusal.code is Code.BAD_USER_INPUT:
        code: Any = ShownCode("INPUT_INVALID")
        return RefusedInput(code=code, message=refusal.text, field=argument)
    if refusal.code is Code.NOT_FOUND:
        return RefusedAction(code=ShownCode("NOT_FOUND"), message=refusal.text, field=argument)
    raise refusal


def mutation(
    function: Callable[..., Awaitable[Any]],
    permission: str,
    *,
    description: str,
    name: str | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a mutation.

    Args:
        function: takes ``info`` and ``input``, and returns what the use case returned.
        permission: the permission that it needs, told in the description. The use case asks it.
        description: what it does, in English with the Chinese term.
        name: its name, where it is not that of the attribute in camelCase.
        deprecation_reason: what to use instead, and when it goes.

    """
    declared = field(
        Computed(function),
        description=description,
        name=name,
        deprecation_reason=deprecation_reason,
    )
    for argument in declared.arguments:
        argument.description = argument.description or "What it needs (输入)."
    return noted(declared, _Mutating(permission))


def use_case(
    function: Callable[[Desk, Any], Awaitable[Any]], into: type[Any], given: type[Any]
) -> Callable[..., Awaitable[Any]]:
    """Return the function of a mutation that does nothing but carry a use case of admissions out.

    Args:
        function: the use case.
        into: its input.
        given: the input of the graph, with fields of the same names.

    """

    async def act(info: GraphInfo, input: Any) -> Any:  # noqa: A002 - the argument's name in the graph
        return await function(await desk_of(info.context), taken(input, into, info.context))

    # What strawberry reads the argument's type from.
    act.__annotations__["input"] = given
    return act


async def once(
    context: GraphContext,
    given: Repeatable,
    operation: str,
    work: Callable[[], Awaitable[Any]],
    *,
    personal: bool = False,
) -> Any:
    """Do ``work`` in a transaction unless the actor did it before with the same key and input.

    ``work`` returns what JSON can hold, such as the id of what it changed; a refusal that it
    returns is answered, and keeps nothing. So does an exception. Of a ``personal`` input, with
    numbers or phones in it, a keyed hash is kept: a plain one could be guessed.
    """
    if context.actor is None:
        raise RuntimeError("a mutation needs an actor")

    async def kept() -> Any:
        answer = await work()
        if isinstance(answer, Refusal | AccessRefusal):
            raise _RefusedError(answer)
        return answer

    key = given.idempotency_key
    try:
        return await idempotency.once(
            None if key is UNSET else key,
            actor=context.actor.id,
            operation=operation,
            request=_hashed(given, context) if personal else _plain(given),
            at=context.clock(),
            work=kept,
        )
    except _RefusedError as error:
        return error.refusal


def asked(given: Repeatable) -> str:
    """Return the digest of what a client asked, whatever is looked up to carry it out."""
    return idempotency.request_hash(type(given).__name__, _plain(given))


def _hashed(given: Repeatable, context: GraphContext) -> str:
    if context.keyring is None:
        raise RuntimeError("personal data needs the keyring")
    text = json.dumps(_plain(given), default=str, sort_keys=True)
    return context.keyring().lookup_hash("request", text)


class _RefusedError(Exception):
    """Ends the transaction of work that was refused."""

    def __init__(self, refusal: Refusal | AccessRefusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def _plain(given: Any) -> Any:
    """Return an input without what was left out, for comparing two requests."""
    if dataclasses.is_dataclass(given):
        parts = {part.name: getattr(given, part.name) for part in dataclasses.fields(given)}
        return {
            name: _plain(value)
            for name, value in parts.items()
            if value is not UNSET and value is not None and name != "idempotency_key"
        }
    return [_plain(each) for each in given] if isinstance(given, list) else given


def taken(given: Any, into: type[_Given], context: GraphContext, **own: Any) -> _Given:
    """Return the input of a use case, made from the graph's input of the same field names.

    ``own`` are values that the caller made itself. What was left out keeps the use case's default.

    Raises:
        GraphRefusal: BAD_USER_INPUT, which becomes `InvalidInput`: an id that is none, a list that
            is too long, a number or date that is none of our time.

    """
    return _taken(given, into, context, "", own)


def _taken(
    given: Any, into: type[_Given], context: GraphContext, within: str, own: dict[str, Any]
) -> _Given:
    """Return the input; ``within`` is the place of it in the input of the mutation."""
    hints = get_type_hints(into)
    values = dict(own)
    for part in dataclasses.fields(into):  # type: ignore[arg-type]  # called with dataclasses only
        value = getattr(given, part.name, UNSET)
        if part.name not in own and value is not UNSET and value is not None:
            place = f"{within}{_camel(part.name)}"
            values[part.name] = _value(value, hints[part.name], place, context)
    return into(**values)


def too_many(place: str, context: GraphContext) -> GraphRefusal:
    """Return the refusal of a list of more than `LONGEST_LIST` entries."""
    problem = Text(f"不得超过 {LONGEST_LIST} 项", f"must not have more than {LONGEST_LIST} entries")
    return bad_input(place, problem, context.language)


def _value(value: Any, hint: Any, place: str, context: GraphContext) -> Any:
    of = next(part for part in _parts(hint) if part is not NoneType)
    if get_origin(of) is tuple:
        if len(value) > LONGEST_LIST:
            raise too_many(place, context)
        inner = get_args(of)[0]
        return tuple(
            _value(each, inner, f"{place}.{index}", context) for index, each in enumerate(value)
        )
    if of is UUID:
        return read_id(value, place, context)
    if isinstance(of, type) and dataclasses.is_dataclass(of):
        return _taken(value, of, context, f"{place}.", {})
    if isinstance(value, Decimal) and value.adjusted() > _MOST_DIGITS:
        problem = Text("数字过大", "is too large a number")
        raise bad_input(place, problem, context.language)
    if isinstance(value, date) and value.year not in _YEARS:
        problem = Text("日期应在 1900 年至 2199 年之间", "is no date from 1900 to 2199")
        raise bad_input(place, problem, context.language)
    return value


_MOST_DIGITS = 12
_YEARS = range(1900, 2200)
"""Of what is recorded: years of training and of bans are added to it."""


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
