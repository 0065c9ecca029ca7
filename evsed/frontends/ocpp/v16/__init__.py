# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP 1.6J: the messages, as the edition 2 of the specification and its schemas have them."""
