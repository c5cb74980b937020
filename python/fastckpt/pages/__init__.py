"""Pages: what there is to see of checkpoints, each in one HTML file."""
