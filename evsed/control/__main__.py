# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m evsed.control`, as the daemon starts it."""

import sys

from evsed.control.process import main

sys.exit(main())
