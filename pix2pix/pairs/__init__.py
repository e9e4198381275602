"""Training pairs: their sources, and what training does to them. Nothing here depends on the networks."""
