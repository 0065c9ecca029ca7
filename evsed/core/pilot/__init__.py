# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot, the state machine and its protection: all that decides whether a contactor closes."""
