"""Use cases: one function for each, over the catalogue, the plugins and the database."""
