"""The paper: the generator, the discriminator, their losses, and the dropout noise. Knows no files."""
