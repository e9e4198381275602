"""Translating pictures with a trained generator. Knows no training."""
