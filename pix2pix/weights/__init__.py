"""Weights on disk and on the Hub: finding, reading, writing and exporting them."""
