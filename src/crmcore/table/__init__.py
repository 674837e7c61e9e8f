"""Tables: typed columns, the references between them, and how they are taken in."""
