# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed: charges an electric car with the power that would otherwise go to waste.

The rooms of this house, and who may enter which, are described in ARCHITECTURE.md.
"""

__version__ = "0.1.0"
