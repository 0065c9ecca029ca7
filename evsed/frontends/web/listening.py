# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets: those of the settings, or those that systemd hands in."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from evsed.errors import WebError
from evsed.frontends.web import WebConfig

SOCKET_MODE = 0o660
"""Owner and group of the service may give orders by the control socket."""
FIRST_HANDED_FD = 3
"""SD_LISTEN_FDS_START of sd_listen_fds(3)."""
BACKLOG = 128
"""Connections the kernel holds while the daemon is busy; Linux's own limit was this long."""


def handed_sockets(
    environ: Mapping[str, str], pid: int, first: int = FIRST_HANDED_FD
) -> tuple[socket.socket, ...]:
    """The listening sockets that systemd handed to process *pid* (sd_listen_fds(3)).

    Empty where LISTEN_PID is another's. The processes that evsed starts do not inherit them.
    Raises `WebError` when LISTEN_FDS names a file that is not a listening socket.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return ()
    sockets = []
    try:
        for fd in range(first, first + int(environ.get("LISTEN_FDS", "0"))):
            os.set_inheritable(fd, False)  # noqa: FBT003 - the only form of this call
            sock = socket.socket(fileno=fd)
            if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                sock.close()
                raise WebError(
                    f"file {fd} handed in by systemd is not a listening socket; "
                    "evsed.socket must have ListenStream= and Accept=no"
                )
            sockets.append(sock)
    except (OSError, ValueError) as error:
        raise WebError(
            f"LISTEN_FDS={environ.get('LISTEN_FDS')} names no sockets ({error}); "
            "start evsed by its unit, or unset LISTEN_FDS"
        ) from error
    return tuple(sockets)


def own_sockets(config: WebConfig) -> list[socket.socket]:
    """Bound sockets for host and port, and for the control socket if there is to be one."""
    sockets: list[socket.socket] = []
    try:
        sockets += tcp(config.host, config.port)
        if config.socket:
            sockets.append(_unix(Path(config.socket)))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def tcp(host: str, port: int) -> list[socket.socket]:
    """The bound socket of *host* and *port*, in a list. Raises `WebError`, naming the remedy."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise WebError(
            f'web.host = "{host}" is no address that this machine knows ({error}); '
            'give one of its own, or "0.0.0.0" for all of them'
        ) from error
    family, _, _, _, address = found[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise WebError(_remedy(error, host, port)) from error
    return [sock]


def _remedy(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} is taken by another program, so the page cannot be served; "
                f"see which with `sudo ss -ltnp sport = :{port}` and stop it, "
                "or give [web] another port"
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"port {port} is for privileged programs and evsed is none; start it by its unit "
                "(which grants CAP_NET_BIND_SERVICE), or give [web] a port from 1024 up"
            )
        case errno.EADDRNOTAVAIL:
            return (
                f'web.host = "{host}" is not an address of this machine; '
                'give one that `ip address` shows, or "0.0.0.0" for all of them'
            )
        case _:
            return f"the page cannot be served on {host} port {port}: {error}; see [web]"


def _unix(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_socket(path):
            _refuse_if_answered(path)
            path.unlink()
        sock.bind(str(path))
        path.chmod(SOCKET_MODE)  # before listen(), so that no connection comes earlier
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise WebError(
            f'the control socket web.socket = "{path}" cannot be made ({error}); '
            "its folder must exist and belong to evsed's user (the unit's RuntimeDirectory= does "
            'that), or set web.socket = ""'
        ) from error
    except WebError:
        sock.close()
        raise
    return sock


def remove(path: Path) -> None:
    """Remove the control socket; newer Pythons have done it by themselves."""
    with suppress(OSError):
        path.unlink()


def _is_socket(path: Path) -> bool:
    """Tell whether a socket of an earlier run, or of another evsed, is at *path*."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _refuse_if_answered(path: Path) -> None:
    """Raise `WebError` when a program listens at *path*: then it is not ours to remove."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
    raise WebError(
        f'another evsed is running and holds the control socket "{path}"; '
        "stop it first (systemctl stop evsed)"
    )
