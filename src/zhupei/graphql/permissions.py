"""Permissions declared on fields: enforced, told in the description, and listed for tests.

::

    number: str = permitted(
        field(Computed(_number), description="Number (号码)."),
        "identity.read",
        about=_about,
        otherwise=Attribute("masked_number"),
    )

A field that is not permitted is an error with the code UNAUTHENTICATED or FORBIDDEN that tells
nothing of what it would have held; with ``otherwise`` it holds that instead, as a masked number.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from graphql import GraphQLObjectType, GraphQLSchema
from zhupei.db.tables import View
from zhupei.domain.access_refusals import AccessRefusal
from zhupei.domain.permissions import PERMISSIONS, Target
from zhupei.graphql.asked import listing
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.inline import Batch, one_by_one
from zhupei.graphql.sources import FieldSource, is_settled
from zhupei.services.permissions import Allowed, allowed

__all__ = [
    "About",
    "Noted",
    "ProtectedField",
    "for_signed_in",
    "is_for_signed_in",
    "needs_sign_in",
    "noted",
    "permitted",
    "permitted_inside",
    "protected_fields",
    "refused_by",
    "require",
]

About = Callable[[Any], Sequence[Target]] | Callable[[Any, GraphContext], Sequence[Target]]
"""What a permission is asked for, of the object that holds the field; any one of them suffices.

It may look at the context as well, where that tells whose the object is.
"""


class Noted(FieldExtension):
    """Says which permission a field needs."""

    def __init__(self, permission: str, *, masks: bool = False) -> None:
        self.permission, self.masks = permission, masks

    @property
    def is_noted(self) -> bool:
        """Whether it is noted what decides (`zhupei.graphql.asked.is_noted`)."""
        return True

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Run the field, which asks itself."""
        return next_(source, info, **kwargs)

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Run the field, which asks itself."""
        value = next_(source, info, **kwargs)
        return await value if inspect.isawaitable(value) else value

    @property
    def needs(self) -> frozenset[str] | None:
        """Which attributes of the object it looks at; None where nobody knows."""
        return frozenset() if self.reads_through else None

    @property
    def reads_through(self) -> bool:
        """Whether a field is read as if this were not there; not so for what asks by itself."""
        return type(self).resolve_async is Noted.resolve_async


class _Permitted(Noted):
    """Asks for the permission before the field is read."""

    def __init__(self, permission: str, about: About, otherwise: FieldSource | None) -> None:
        super().__init__(permission, masks=otherwise is not None)
        self._about, self._otherwise = about, otherwise
        self._in_context = len(inspect.signature(about).parameters) > 1
        self._name = ""

    def apply(self, field: StrawberryField) -> None:
        """Note the field's name, which a source may read by."""
        self._name = field.python_name

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Ask, then run a plain function."""
        return self.resolve_async(next_, source, info, **kwargs)

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Ask, then run the field."""
        context: GraphContext = info.context
        refusal = await refused_by(context, self.permission, self._targets(source, context))
        if refusal is None:
            value = next_(source, info, **kwargs)
        elif self._otherwise is not None:
            value = self._otherwise.reader(self._name)(source, context, kwargs)
        else:
            raise _error(refusal, self.permission, context)
        return await value if inspect.isawaitable(value) else value

    @property
    def is_noted(self) -> bool:
        """Whether the object tells what is asked for, and what stands there without permission."""
        otherwise = self._otherwise
        told = getattr(self._about, "reads", None) is not None
        return told and (otherwise is None or otherwise.is_noted or is_settled(otherwise))

    @property
    def needs(self) -> frozenset[str] | None:
        """Which attributes the question is about, and what stands there without permission."""
        about: frozenset[str] | None = getattr(self._about, "reads", None)
        if about is None or self._otherwise is None:
            return about
        masked = self._otherwise.needs(self._name)
        return None if masked is None else about | masked

    def _targets(self, source: Any, context: GraphContext) -> Sequence[Target]:
        about: Any = self._about
        found: Sequence[Target] = about(source, context) if self._in_context else about(source)
        return found

    def batched(self, read: Batch) -> Batch:
        """Return what reads many objects at once: asked once for each target, then read together.

        ``read`` reads those that are permitted.
        """
        masked = None
        if self._otherwise is not None:
            masked = one_by_one(self._otherwise.reader(self._name))

        async def read_permitted(
            values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
        ) -> Sequence[Any]:
            if len(values) == 1:
                targets = self._targets(values[0], context)
                refusal = await refused_by(context, self.permission, targets)
                if refusal is None:
                    return await read(values, context, given)
            about = [tuple(self._targets(value, context)) for value in values]
            distinct = list(dict.fromkeys(about))
            asking = [refused_by(context, self.permission, targets) for targets in distinct]
            decisions = [await asking[0]] if len(asking) == 1 else await asyncio.gather(*asking)
            refusals = dict(zip(distinct, decisions, strict=True))
            found: list[Any] = [
                None if refusal is None else _error(refusal, self.permission, context)
                for refusal in (refusals[targets] for targets in about)
            ]
            allowed = [at for at, refusal in enumerate(found) if refusal is None]
            refused = [at for at, refusal in enumerate(found) if refusal is not None]
            for places, reading in ((allowed, read), (refused, masked)):
                if places and reading is not None:
                    answers = await reading([values[at] for at in places], context, given)
                    for at, answer in zip(places, answers, strict=True):
                        found[at] = answer
            return found

        view: View | None = getattr(read, "view", None)
        # What stands in the place of rows is none.
        return read_permitted if view is None or masked else listing(read_permitted, view)


def permitted(
    declared: Any, permission: str, *, about: About, otherwise: FieldSource | None = None
) -> Any:
    """Return a declared field that needs a permission, which its description then tells.

    Args:
        declared: what `zhupei.graphql.sources.field` returned.
        permission: the name of a permission of the core, or of the plugin that declares the field.
        about: tells what the permission is asked for.
        otherwise: what the field holds without the permission; without it the field is refused.

    """
    return noted(declared, _Permitted(permission, about, otherwise))


def permitted_inside(declared: Any, permission: str) -> Any:
    """Return a declared field whose own function calls `require`, because only it knows for what.

    The description tells the permission as that of any other field does.
    """
    return noted(declared, Noted(permission))


_SIGNED_IN = "zhupei.signed_in"


def for_signed_in(declared: Any, *, refuses: bool = True) -> Any:
    """Return a declared field that says nothing to the public, whatever role is held.

    Its own function refuses the public or, without ``refuses``, answers null. This tells it to
    gateways and contracts (`zhupei.graphql.federation`); it checks nothing.
    """
    declared.metadata = {**declared.metadata, _SIGNED_IN: refuses}
    return declared


def is_for_signed_in(declared: StrawberryField) -> bool:
    """Return whether a field was declared with `for_signed_in`."""
    return _SIGNED_IN in declared.metadata


def needs_sign_in(declared: StrawberryField) -> bool:
    """Return whether a field was declared with `for_signed_in` and refuses the public."""
    return declared.metadata.get(_SIGNED_IN) is True


def noted(declared: Any, extension: "Noted") -> Any:
    """Return a declared field with an extension that names its permission, told to readers."""
    known = PERMISSIONS.get(extension.permission)
    label = "" if known is None else f"：{known.label.zh}"
    if extension.masks:
        note = f"Masked without the permission `{extension.permission}` (无权限时脱敏{label})."
    else:
        note = f"Needs the permission `{extension.permission}` (需权限{label})."
    declared.description = f"{declared.description} {note}"
    declared.extensions = [*declared.extensions, extension]
    return declared


async def refused_by(
    context: GraphContext, permission: str, targets: Sequence[Target]
) -> AccessRefusal | None:
    """Return why the actor may not do this for any of the targets; None where it may.

    Asked once in an operation for each target.
    """
    if context.dispatcher is None:
        raise RuntimeError("a permission needs the dispatcher of the loaded plugins")
    refusal: AccessRefusal | None = None
    for target in targets or (Target(),):
        key = (_Permitted, permission, target)
        outcome: Allowed | AccessRefusal | None = context.kept.get(key)
        if outcome is None:
            outcome = context.kept[key] = await allowed(
                context.actor,
                permission,
                target.base,
                context.catalogue,
                context.dispatcher,
                jurisdiction=target.jurisdiction,
                specialty=target.specialty,
                owners=target.owners,
            )
        if isinstance(outcome, Allowed):
            return None
        refusal = refusal or outcome
    return refusal


async def require(context: GraphContext, permission: str, targets: Sequence[Target]) -> None:
    """Raise the refusal of a field or mutation unless the actor may do this."""
    refusal = await refused_by(context, permission, targets)
    if refusal is not None:
        raise _error(refusal, permission, context)


def _error(refusal: AccessRefusal, permission: str, context: GraphContext) -> GraphRefusal:
    code = Code(refusal.code.value)
    return GraphRefusal(code, refusal.message, context.language, permission=permission)


@dataclass(frozen=True, slots=True)
class ProtectedField:
    """A field of the graph that needs a permission; ``masks`` where it is masked without."""

    type: str
    field: str
    permission: str
    masks: bool


def protected_fields(schema: GraphQLSchema) -> Iterator[ProtectedField]:
    """Yield every field of a schema that needs a permission, in the order of their names."""
    for name, type_ in sorted(schema.type_map.items()):
        if not isinstance(type_, GraphQLObjectType):
            continue
        for field_name, field in sorted(type_.fields.items()):
            declared = field.extensions.get("strawberry-definition")
            for extension in getattr(declared, "extensions", ()):
                if isinstance(extension, Noted):
                    yield ProtectedField(name, field_name, extension.permission, extension.masks)
