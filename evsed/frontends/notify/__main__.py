# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m evsed.frontends.notify`: send the message on the standard input, say how that went.

systemd starts it for each message, with the daemon's connection as its input and output
(systemd/evsed-notify@.service). It has the network, and nothing else of evsed's.
"""

import os
import sys

from evsed.frontends.notify.service import answer

# Whatever a plugin prints goes to the journal, not into the answer.
connection = os.dup(1)
os.dup2(2, 1)
os.write(connection, answer(sys.stdin.readline()).encode() + b"\n")
