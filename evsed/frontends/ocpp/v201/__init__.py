# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP 2.0.1: the messages of the functions that evsed has, as edition 3 has them."""
