# SPDX-License-Identifier: GPL-3.0-or-later
"""All decisions: pure, standard library only, no clock, no I/O.

`now` is an argument everywhere (seconds on one monotonic clock), and so is everything else.
"""
