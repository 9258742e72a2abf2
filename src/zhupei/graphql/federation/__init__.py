"""Apollo Federation 2: the graph as one of several that a gateway joins.

`entities` names what other subgraphs may extend and finds it again, `representations` reads how a
gateway names it, `queries` are the two fields that gateways ask, `subgraph` is the text that they
compose, `audiences` who sees which part of it, `tracing` tells a gateway how long fields took.
"""
