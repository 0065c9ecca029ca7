# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed password`: set the password without which the page gives no orders."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from evsed.errors import EvsedError
from evsed.frontends.web.auth.password import SHORT, keep

if TYPE_CHECKING:
    from pathlib import Path


class NoPassword(EvsedError):
    """No password was set; the one there was, if any, stays."""


def set_password(path: Path) -> str:
    """Ask for a password twice and keep its hash at *path*; what was done, in words.

    At a terminal it is not shown; else it is read from two lines of the input. Raises `NoPassword`.
    """
    password, again = _ask("Password: "), _ask("Again: ")
    if password != again:
        raise NoPassword("the two are not the same; nothing was changed, try again")
    if not password:
        raise NoPassword("an empty password is none; nothing was changed")
    try:
        keep(path, password)
    except OSError as error:
        raise NoPassword(
            f"the password cannot be kept at {path} ({error.strerror}); nothing was changed. "
            "Is it run with sudo, and does the folder exist ([web] password_file)?"
        ) from error
    weak = (
        f" It is shorter than {SHORT} characters: easily guessed." if len(password) < SHORT else ""
    )
    return f"the password is set, in {path}; whoever was logged in has to log in again.{weak}"


def _ask(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")
