# SPDX-License-Identifier: GPL-3.0-or-later
"""One failed part of the contactor's drive at a time, on each real board over its simulated Pi."""
