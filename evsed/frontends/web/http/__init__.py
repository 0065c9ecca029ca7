# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP itself: connections, requests, responses, files and streams."""
