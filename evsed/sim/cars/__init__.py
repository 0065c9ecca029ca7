# SPDX-License-Identifier: GPL-3.0-or-later
"""Cars: the ordinary one, habits that make others of it, a library of reported cars, and trials."""
