# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of the HTTP API, their documents and their models."""
