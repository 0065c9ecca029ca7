# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to a source: secrets in files, and whose certificates to trust."""

from __future__ import annotations

import ssl
from pathlib import Path

from evsed.core.text import text
from evsed.errors import SourceError


def read_secret(path: str) -> str:
    """The one line in the file at *path*. Raises `SourceError` where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise SourceError(
            text(
                "{path} cannot be read ({error}); it must hold the secret in one line "
                "and be readable by the user evsed",
                path=path,
                error=str(error),
            )
        ) from None


def trusted_by(ca_file: str) -> ssl.SSLContext:
    """A context that trusts the authority in *ca_file*, or those of the system where it is "".

    Raises `SourceError` where the file is no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            text("ca_file {ca_file} cannot be used ({error})", ca_file=ca_file, error=str(error))
        ) from None
