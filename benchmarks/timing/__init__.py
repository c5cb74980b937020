"""How times are taken: children, turns, the best of the floors, and the verdicts."""
