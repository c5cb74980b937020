"""What is in checkpoints, compared and judged."""
