# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner: controls, the weekly window, and the limits that they amount to."""
