"""Types of the graph, each a declaration over one class of the domain."""
