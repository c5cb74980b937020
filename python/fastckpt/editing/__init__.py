"""Making one checkpoint of others."""
