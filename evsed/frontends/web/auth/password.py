# SPDX-License-Identifier: GPL-3.0-or-later
"""The password for orders over the network: a salted hash in a file of its own.

The hash is scrypt (RFC 7914) of OpenSSL, which is part of the standard library: well maintained,
and nothing more to install on a Pi. The figures are those of OWASP's cheat sheet on password
storage for 16 MiB (N 2^14, r 8, p 5); they are kept in the file, so that a later evsed may raise
them. Hashing takes a third of a second on a PC and seconds on a Pi Zero, so it never runs on the
event loop.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from pathlib import Path
from typing import Final

from evsed import private_file

LOG2_N: Final = 14
BLOCK_R: Final = 8
PARALLEL_P: Final = 5
SALT_BYTES: Final = 16
MEMORY_MAX: Final = 64 * 1024 * 1024  # scrypt needs 128 * N * r bytes, here 16 MiB
SHORT: Final = 8
"""A password of fewer characters is weak (NIST SP 800-63B, 5.1.1.1)."""

# The PHC string format, as other programs write scrypt too.
_STORED: Final = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]+)\$([\w+/-]+)"
)


def hashed(password: str, log2_n: int = LOG2_N) -> str:
    """Return figures, salt and hash of *password* on one line. Slow on purpose."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = _scrypt(password, salt, log2_n, BLOCK_R, PARALLEL_P)
    return f"$scrypt$ln={log2_n},r={BLOCK_R},p={PARALLEL_P}${_text(salt)}${_text(key)}"


def matches(password: str, stored: str) -> bool:
    """Compare *password* with the hash *stored*. Slow on purpose.

    Raises ValueError where *stored* is not from `hashed()`.
    """
    found = _STORED.fullmatch(stored.strip())
    if found is None:
        raise ValueError("it holds no password")
    log2_n, block_r, parallel_p = (int(figure) for figure in found.groups()[:3])
    try:
        salt, key = _bytes(found[4]), _bytes(found[5])
    except binascii.Error as error:
        raise ValueError(f"it holds no password ({error})") from error
    return hmac.compare_digest(key, _scrypt(password, salt, log2_n, block_r, parallel_p))


def keep(path: Path, password: str) -> None:
    """Write the hash of *password* to the file at *path*, atomically, readable by evsed alone.

    The file gets the owner of its folder, so that root may set it and evsed read it. Raises
    OSError.
    """
    private_file.write(path, hashed(password) + "\n")


def _scrypt(password: str, salt: bytes, log2_n: int, block_r: int, parallel_p: int) -> bytes:
    # A phone and a terminal may write the same letter in two ways.
    plain = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        plain, salt=salt, n=1 << log2_n, r=block_r, p=parallel_p, maxmem=MEMORY_MAX, dklen=32
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
