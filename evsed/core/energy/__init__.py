# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy: sessions, days, statistics and history."""
