"""Measuring a model on pairs, and reporting the figures."""
