"""What no child of a contender can time: a function a row, and their programs."""
