"""Training pairs: where they come from and what training does to them. Knows no networks."""
