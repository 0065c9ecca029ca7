# SPDX-License-Identifier: GPL-3.0-or-later
"""All decisions: pure, standard library only, no clock, no I/O.

`now` is an argument everywhere, in seconds on one monotonic clock.
"""
