"""The read engine: operations compiled once into Python, and answered without an executor.

`plans` says which functions an operation takes, `writing` writes them, `running` runs them,
`engine` keeps the programs and hands to graphql-core what is not compiled.
``docs/engine.md`` follows one operation through all of them.
"""

from zhupei.graphql.answers import Answer, encoded
from zhupei.graphql.engine.counts import Counts
from zhupei.graphql.engine.engine import Engine

__all__ = ["Answer", "Counts", "Engine", "encoded"]
