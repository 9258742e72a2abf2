"""Refusals that a client is meant to read: a message in its language and ``extensions.code``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from graphql import GraphQLError
from zhupei.domain.text import Language, Text

__all__ = ["Code", "GraphRefusal", "SessionEnded", "bad_input", "not_found"]


class Code(StrEnum):
    """The codes that resolvers put into ``extensions.code``."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    CALENDAR_NOT_CONFIGURED = "CALENDAR_NOT_CONFIGURED"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    PLUGIN_DECISION_FAILED = "PLUGIN_DECISION_FAILED"
    PLUGIN_PROBLEM = "PLUGIN_PROBLEM"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class GraphRefusal(GraphQLError):  # noqa: N818 - names what happens, a refusal is no bug
    """A field is refused; ``extensions`` carry the code and what else a program can use."""

    def __init__(self, code: Code, message: Text, language: Language, **extensions: Any) -> None:
        self.code = code
        self.text = message
        super().__init__(message.get(language), extensions={"code": code.value, **extensions})


class SessionEnded(GraphQLError):  # noqa: N818 - names what happens, a refusal is no bug
    """Who watches is no longer accepted: the token ended, or the account was locked.

    ``code`` is that of the refused sign-in; ``may_return`` whether the same may succeed later,
    because nothing could be verified now.
    """

    def __init__(self, code: str, message: Text, language: Language) -> None:
        self.code = code
        self.may_return = code.endswith("_UNAVAILABLE")
        super().__init__(message.get(language), extensions={"code": code})


def bad_input(argument: str, message: Text, language: Language) -> GraphRefusal:
    """Return the refusal of an argument; its path, such as ``candidate.english.cet4``, comes first.

    ``extensions.argument`` repeats the path for programs.
    """
    return GraphRefusal(
        Code.BAD_USER_INPUT,
        Text(f"{argument}：{message.zh}", f"{argument}: {message.get(Language.EN)}"),
        language,
        argument=argument,
    )


def not_found(argument: str, value: str, language: Language) -> GraphRefusal:
    """Return the refusal of a decision about something that the catalogue does not hold."""
    return GraphRefusal(
        Code.NOT_FOUND,
        Text(
            f"{argument}：目录中没有“{value}”",
            f'{argument}: the catalogue holds no "{value}"',
        ),
        language,
        argument=argument,
        value=value,
    )
