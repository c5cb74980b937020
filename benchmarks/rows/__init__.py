"""What is measured: each path, who takes part, and how fast it should be."""
