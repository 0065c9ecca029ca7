# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that decides whether a contactor closes: the pilot, the state machine, its protection."""
