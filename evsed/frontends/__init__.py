# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontends: everything that shows evsed to people and programs.

`status.py` has what may be shown, `hub.py` what a frontend may ask of the daemon, `frontend.py` the
protocol that each of them follows.
"""
