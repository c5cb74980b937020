"""Who is measured: one module for each library, one function for each path."""
