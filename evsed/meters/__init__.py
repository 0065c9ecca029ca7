# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters: what the car draws, and what the house does, measured."""
