"""Evidence packages: what goes in, how it is written, and how anybody checks it."""
