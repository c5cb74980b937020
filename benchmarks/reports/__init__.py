"""What people see: tables, pages, pictures, and two reports side by side."""
