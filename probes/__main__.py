"""`python -m probes`: the one start command."""

import sys

from probes.cli import main

if __name__ == "__main__":
    sys.exit(main())
