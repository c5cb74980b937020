"""Where the suite stands: this tree and its programs, the machine, who else is busy."""
