# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of the supply of the house: its main fuse, and the peak of a quarter of an hour."""
