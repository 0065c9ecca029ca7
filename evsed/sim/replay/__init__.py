# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay`: recorded days through the production rules."""
