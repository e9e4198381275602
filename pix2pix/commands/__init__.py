"""The commands of `pix2pix`, one file each: `add` adds it with its options, and `run` carries it out."""
