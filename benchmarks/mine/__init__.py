"""A checkpoint of one's own: what is measured on it, and what would make it faster."""
