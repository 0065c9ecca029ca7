# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS without a proxy: the owner's certificate, or one that evsed makes itself.

It is made by the program openssl, which every Debian has for its own certificates. The library
`cryptography` needs cffi, which has no wheel for a 32-bit Pi.
"""

from __future__ import annotations

import hashlib
import ipaddress
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Final

from evsed import private_file
from evsed.errors import WebError

if TYPE_CHECKING:
    from pathlib import Path

    from evsed.frontends.web import WebConfig

SELF_MADE: Final = "https.pem"
VALID_DAYS: Final = 825
"""As long as Apple's devices accept a certificate that their owner trusts by hand."""
RENEWED_S: Final = 30 * 86_400
"""A certificate that ends within so many seconds is replaced at the start."""
WITHIN_S: Final = 60.0
"""A Pi Zero makes a key of P-256 in a second."""


def certificate_path(config: WebConfig) -> Path:
    """Return the place of the certificate: the owner's, or that which evsed makes itself."""
    # An absolute path stays what it is.
    return config.folder / (config.certificate or SELF_MADE)


def certificate_file(config: WebConfig) -> Path:
    """Return the file of the certificate in use; a self-made one is made where it is missing.

    Raises `WebError`.
    """
    path = certificate_path(config)
    if not config.certificate and not _lasts(path):
        _make(path, config.names)
    return path


def load_context(config: WebConfig) -> ssl.SSLContext:
    """Return what the page is served with. Raises `WebError`, naming the remedy."""
    path = certificate_file(config)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(path, config.key or None)
    except (OSError, ssl.SSLError) as error:
        raise WebError(
            f"the certificate {path} cannot be used ({error}); web.certificate must be a PEM file "
            "with the whole chain, web.key its key without a password, and the user evsed must be "
            "able to read both"
        ) from None
    return context


def fingerprint(path: Path) -> str:
    """Return the SHA-256 fingerprint of the first certificate at *path*. Raises `WebError`."""
    try:
        text = path.read_text(encoding="ascii")
        begin = text.index("-----BEGIN CERTIFICATE-----")
        end = text.index("-----END CERTIFICATE-----", begin) + len("-----END CERTIFICATE-----\n")
        der = ssl.PEM_cert_to_DER_cert(text[begin:end])
    except (OSError, ValueError) as error:
        raise WebError(f"{path} has no certificate that can be read ({error})") from None
    return hashlib.sha256(der).digest().hex(":").upper()


def _lasts(path: Path) -> bool:
    """Return True where there is a certificate at *path* that will be valid for a while."""
    if not path.exists():
        return False
    done = _openssl("x509", "-checkend", str(RENEWED_S), "-noout", "-in", str(path))
    return done.returncode == 0


def _make(path: Path, names: tuple[str, ...]) -> None:
    host = socket.gethostname() or "evsed"
    wanted = dict.fromkeys((host, f"{host.partition('.')[0]}.local", "localhost", *names))
    kinds = (f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in (*wanted, "127.0.0.1"))
    done = _openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", str(VALID_DAYS), "-subj", f"/CN={host[:64]}", "-addext",
        f"subjectAltName={','.join(kinds)}", "-keyout", "-", "-out", "-",
    )  # fmt: skip
    if done.returncode != 0 or "BEGIN CERTIFICATE" not in done.stdout:
        raise WebError(
            f"openssl could not make a certificate ({done.stderr.strip()[-200:]}); give one in "
            "web.certificate, or set web.https_port to 0"
        )
    try:
        private_file.write(path, done.stdout)
    except OSError as error:
        raise WebError(f"the certificate cannot be kept in {path} ({error})") from None


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("openssl")
    if program is None:
        raise WebError(
            "the program openssl, which makes the certificate, is not installed: sudo apt install "
            "openssl; or give a certificate in web.certificate"
        )
    try:
        return subprocess.run(
            (program, *arguments), capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WebError(f"openssl did not answer ({error})") from None


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
