# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed: charges an electric car with the power that would otherwise go to waste.

ARCHITECTURE.md describes the packages and their layers.
"""

__version__ = "0.1.0"
