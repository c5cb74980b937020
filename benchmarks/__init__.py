"""The benchmark suite: fastckpt beside TensorFlow, safetensors, NumPy and the floor.

`python -m benchmarks` runs it; docs/benchmarks.md tells how each number is made.
"""
