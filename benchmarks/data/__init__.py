"""What everybody loads: made once, and what proves that it was loaded."""
