# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m evsed`."""

import sys

from evsed.cli import main

if __name__ == "__main__":
    sys.exit(main())
