# SPDX-License-Identifier: GPL-3.0-or-later
"""Each barrier taken away, one at a time, with the test that notices: `make mutants`."""
