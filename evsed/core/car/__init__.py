# SPDX-License-Identifier: GPL-3.0-or-later
"""The car that is plugged in: what its behaviour shows of its needs, and when to wake it."""
