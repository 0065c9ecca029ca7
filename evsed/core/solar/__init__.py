# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that turns readings of the feed into amperes."""
