# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic instead of hardware: a Pi, a pilot circuit, a car, a house.

Imported by `cli` (demo, replay) and by tests only. Every time is an argument or a clock handed
in, so that a day can pass in seconds.
"""
