"""One module for each command: parses, calls the library, words."""
