"""Open checkpoints: the mapping, loading, regions, strings, results."""
