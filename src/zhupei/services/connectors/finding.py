"""Finding connectors: the one of our own, and those of packages that bring others.

A package names its connector in the entry points of the group ``zhupei.connectors``: a callable
that takes the options (texts by name) and returns a `zhupei.domain.connectors.Connector`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from zhupei.domain.connectors import Connector, ConnectorError
from zhupei.domain.text import Text
from zhupei.services.connectors.files import FileConnector

__all__ = ["ConnectorNotFoundError", "connector_names", "make_connector"]

_GROUP = "zhupei.connectors"
_Make = Callable[[dict[str, str]], Connector]
_OWN: dict[str, _Make] = {FileConnector.name: FileConnector}


class ConnectorNotFoundError(ConnectorError):
    """There is no connector of this name, or it cannot be loaded."""


def connector_names() -> tuple[str, ...]:
    """Return the names of all connectors that are installed, in order."""
    return tuple(sorted({*_OWN, *_installed()}))


def make_connector(name: str, options: dict[str, str]) -> Connector:
    """Return a connector with its options.

    Raises:
        ConnectorNotFoundError: there is none of this name, or its package cannot be loaded.
        ConnectorError: the options are not those that it takes.

    """
    make = _OWN.get(name)
    if make is None:
        found = _installed().get(name)
        if found is None:
            listed = ", ".join(connector_names())
            raise ConnectorNotFoundError(
                Text(
                    f"没有连接器“{name}”；有 {listed}", f'no connector "{name}"; there are {listed}'
                )
            )
        try:
            make = found.load()
        except Exception as error:
            # Whatever another's package raises while it is imported.
            raise ConnectorNotFoundError(
                Text(
                    f"连接器“{name}”无法加载：{type(error).__name__}",
                    f'the connector "{name}" cannot be loaded: {type(error).__name__}',
                )
            ) from error
    connector = make(options)
    if not isinstance(connector, Connector):
        raise ConnectorNotFoundError(
            Text(f"“{name}”不是连接器", f'"{name}" makes something that is no connector')
        )
    return connector


def _installed() -> dict[str, EntryPoint]:
    return {each.name: each for each in entry_points(group=_GROUP)}
