"""Minutes of mixed load against a real server and worker: no error, no leak, no growing queue."""
