"""Ids of rows as arguments and inputs give them."""

from uuid import UUID

from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input

__all__ = ["read_id"]


def read_id(text: str, place: str, context: GraphContext) -> UUID:
    """Return the id of a row; ``place`` is the argument or the field of the input.

    Raises:
        GraphRefusal: BAD_USER_INPUT, where it is none.

    """
    try:
        return UUID(text)
    except ValueError:
        problem = Text("不是标识，请使用对象的 id", "is no id; take it from an object's field id")
        raise bad_input(place, problem, context.language) from None
