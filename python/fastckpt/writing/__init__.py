"""Writers, the Saver and its retention, merging, what values can be stored."""
