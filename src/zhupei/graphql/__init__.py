"""The graph: declared types over domain objects, connections, composition with plugins."""
