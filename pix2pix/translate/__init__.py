"""Translating pictures with a trained generator. Nothing here depends on training."""
