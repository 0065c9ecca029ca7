# SPDX-License-Identifier: GPL-3.0-or-later
"""The light and the button on the box, for people at it. Neither is a barrier."""
