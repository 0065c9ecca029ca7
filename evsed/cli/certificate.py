# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of HTTPS, as `evsed check` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evsed.errors import WebError
from evsed.frontends.web.tls import certificate_path, fingerprint

if TYPE_CHECKING:
    from evsed.frontends.web import WebConfig


def https(config: WebConfig) -> Iterator[str]:
    """Yield the fingerprint of the certificate in use; nothing without HTTPS."""
    if not config.https_port:
        return
    path = certificate_path(config)
    try:
        yield f"https on port {config.https_port}, {path}, SHA-256 {fingerprint(path)}"
    except WebError as error:
        made = "" if config.certificate else "; it is made at the first start"
        yield f"https on port {config.https_port}: {error}{made}"
