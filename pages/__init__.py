"""One file per page; each reads top to bottom."""
