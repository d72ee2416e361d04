"""How a model server is asked over HTTP: retries, limits, faults."""
