"""Which files make a checkpoint: names, state files, folders, what lies where."""
