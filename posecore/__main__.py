"""``python -m posecore``: see :mod:`posecore.cli`."""

import sys

from posecore.cli import main

if __name__ == "__main__":
    sys.exit(main())
