# SPDX-License-Identifier: GPL-3.0-or-later
"""What the supply of the house bears: its main fuse, and the peak of a quarter of an hour."""
