"""What every room may use: names and patterns, arguments, progress."""
