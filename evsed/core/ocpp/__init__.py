# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP's decisions: charging profiles, transactions, authorisation, and the ceiling of them."""
