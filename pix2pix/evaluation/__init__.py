"""Measuring a model on pairs, and reporting what was measured."""
