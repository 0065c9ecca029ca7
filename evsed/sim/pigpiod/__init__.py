# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated pigpiod that speaks the protocol of the real one."""
