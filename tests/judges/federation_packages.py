"""The packages of npm that federation is tried with: those of the example, and more judges."""

from __future__ import annotations

import json
from pathlib import Path

from judges.node_suites import installed

__all__ = ["EXAMPLE", "federation_packages"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "federation"

_JUDGES = (
    "@apollo/usage-reporting-protobuf@4.1.2",
    "@graphql-hive/gateway-runtime@2.12.1",
    # What it sends requests to subgraphs with; `@graphql-hive/gateway`, eight times as large, is
    # these two and a command.
    "@graphql-mesh/transport-http@1.2.1",
    "@theguild/federation-composition@0.27.0",
)


def federation_packages() -> Path:
    """Return the folder that holds them, installed once; skip the test where npm is missing."""
    manifest = json.loads((EXAMPLE / "package.json").read_text(encoding="utf-8"))
    pins = (f"{name}@{version}" for name, version in manifest["dependencies"].items())
    return installed("federation", *pins, *_JUDGES)
