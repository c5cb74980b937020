"""The object graph of a TensorFlow 2 checkpoint: paths, optimizer slots, edits."""
