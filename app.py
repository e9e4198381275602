"""The demo: `python app.py`, then open the address that it prints. The same as `pix2pix-demo`."""

import sys

from demo.launch import main

if __name__ == "__main__":
    sys.exit(main())
