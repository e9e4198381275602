"""Train on your own pairs: `python train.py --data DIR --out checkpoints/NAME`. The same as `pix2pix-train`."""

import sys

from pix2pix.training.command import main

if __name__ == "__main__":
    sys.exit(main())
