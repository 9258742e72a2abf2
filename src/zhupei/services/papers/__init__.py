"""Papers: what a base office publishes, hands out, collects and reports, made from plain data.

Nothing here reads a database: the catalogue and the records of `zhupei.services.papers.records`
are passed in. The same input gives the same bytes.
"""
