"""The read engine: operations compiled once into Python, and answered without an executor.

`compiling` decides how each field of an operation is read, `writing` writes the program,
`running` runs it, `engine` keeps the programs and hands to graphql-core what is not compiled.
``docs/engine.md`` follows one operation through all of them.
"""

from zhupei.graphql.engine.answers import Answer, encoded
from zhupei.graphql.engine.engine import Counts, Engine

__all__ = ["Answer", "Counts", "Engine", "encoded"]
