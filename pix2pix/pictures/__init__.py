"""Pictures: reading and writing them, colour spaces, and the palettes of label maps."""
