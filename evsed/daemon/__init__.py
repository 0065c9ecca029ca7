# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon: everything that may wait, around a control process that may not.

`app.run()` builds its parts in order, runs them, and ends them together.
"""
