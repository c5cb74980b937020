"""Stand-ins for the parts of other libraries that only touch checkpoints."""
