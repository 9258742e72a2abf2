"""Connectors to platforms: which there are, what is handed over, and the one that writes files."""

from __future__ import annotations

from zhupei.services.connectors.batches import registration_batch
from zhupei.services.connectors.files import FileConnector
from zhupei.services.connectors.finding import (
    ConnectorNotFoundError,
    connector_names,
    make_connector,
)

__all__ = [
    "ConnectorNotFoundError",
    "FileConnector",
    "connector_names",
    "make_connector",
    "registration_batch",
]
