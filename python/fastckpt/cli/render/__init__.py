"""How commands show things: text, tables, JSON, pages, progress."""
