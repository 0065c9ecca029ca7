# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of HTTPS, as `evsed check` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evsed.errors import WebError
from evsed.frontends.web.tls import fingerprint, own_certificate

if TYPE_CHECKING:
    from evsed.frontends.web import WebConfig


def https(config: WebConfig) -> Iterator[str]:
    """Yield the fingerprint of the certificate in use; nothing without HTTPS."""
    if not config.https_port:
        return
    path = Path(config.certificate) if config.certificate else own_certificate(config)
    try:
        yield f"https on port {config.https_port}, {path}, SHA-256 {fingerprint(path)}"
    except WebError as error:
        yield f"https on port {config.https_port}: {error}; it is made at the first start"
