"""The paper: the generator, the discriminator, their losses, and the dropout noise. Reads and writes no files."""
