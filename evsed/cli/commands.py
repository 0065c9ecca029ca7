# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands with their options. Each imports only what it needs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evsed import __version__
from evsed.cli.codes import FAILED, OK, USAGE, default_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.settings import Settings

PORT_MAX = 65_535


def _path(options: argparse.Namespace) -> Path | None:
    """The file of settings that is meant; None when there is none."""
    path: Path | None = options.config
    return default_path() if path is None else path


def _settings(options: argparse.Namespace) -> Settings:
    from evsed.settings import load_settings

    return load_settings(_path(options))


def _run(options: argparse.Namespace) -> int:
    from evsed.daemon.app import run
    from evsed.daemon.shutdown import BEGIN_AGAIN
    from evsed.settings.load import read_layers

    code = BEGIN_AGAIN
    while code == BEGIN_AGAIN:
        code = run(lambda: read_layers(_path(options)))
        if os.environ.get("NOTIFY_SOCKET"):
            break  # systemd starts it, with sockets and a watchdog of its own
    return code


def _demo(options: argparse.Namespace) -> int:
    from evsed.cli.demo import run_demo

    return run_demo(options.config, options.port, options.phases)


def _check(options: argparse.Namespace) -> int:
    from evsed.cli.barriers import missing
    from evsed.cli.certificate import https
    from evsed.settings.hints import hints
    from evsed.settings.load import read_layers
    from evsed.settings.messages import describe

    layers = read_layers(_path(options))
    settings = layers.settings()
    good = []
    parts = (options.hardware, options.feed, options.mqtt, options.ocpp, options.notify)
    if options.all or not any(parts):
        print(describe(settings))
        for line in missing(settings):
            print(f"# {line}")
        for line in hints(settings):
            print(f"# hint: {line}")
        for line in https(settings.web_config()):
            print(f"# {line}")
        if not layers.page_seen:
            print(f"# {layers.page_path} is not seen by this user: try it with sudo")
        print("# the settings are sound")
    if options.all:
        from evsed.cli.places import show as show_places

        good.append(show_places(settings, _own_url(settings)))
    if options.all or options.mqtt:
        from evsed.cli.mqtt import show as show_mqtt

        good.append(show_mqtt(settings.mqtt_config()))
    if options.all or options.ocpp:
        from evsed.cli.ocpp import show as show_ocpp

        good.append(show_ocpp(settings.ocpp_config(), settings.web.socket))
    if options.notify:  # not with --all: it sends something
        from evsed.frontends.notify.trial import try_all

        good.append(try_all(settings.notify.config()))
    if options.all or options.feed:
        from evsed.daemon.feed_check import show as show_feed

        good.append(show_feed(settings))
    if options.all or options.hardware:
        from evsed.cli.hardware import show

        good.append(show(settings.board_config()))
    return OK if all(good) else FAILED


def _status(options: argparse.Namespace) -> int:
    from evsed.cli.client import status

    if options.demo:
        print(status("http://evsed", _socket(options)))
    else:
        print(status(options.url or _own_url(_settings(options))))
    return OK


def _socket(options: argparse.Namespace) -> str:
    """Return the control socket of the running demo, or that of the settings."""
    if options.demo:
        from evsed.sim.demo import demo_socket

        return demo_socket()
    return _settings(options).web.socket


def _own_url(settings: Settings) -> str:
    host = settings.web.host
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{settings.web.port}"  # noqa: S104 - compared, not bound


def _ack(options: argparse.Namespace) -> int:
    from evsed.cli.client import acknowledge

    print(acknowledge(_socket(options)))
    return OK


def _wake(options: argparse.Namespace) -> int:
    from evsed.cli.client import wake

    print(wake(_socket(options)))
    return OK


def _set(options: argparse.Namespace) -> int:
    from evsed.cli.client import change

    print(change(_socket(options), options.controls))
    return OK


def _password(options: argparse.Namespace) -> int:
    from evsed.cli.password import set_password

    print(set_password(_settings(options).web.password_file))
    return OK


def _token(options: argparse.Namespace) -> int:
    from evsed.cli.token import run

    password_file = _settings(options).web.password_file
    print(run(options.what, options.name, options.scope, password_file))
    return OK


def _backup(options: argparse.Namespace) -> int:
    from evsed.cli.backup import backup
    from evsed.settings.load import read_layers

    print(backup(read_layers(_path(options)), options.file))
    return OK


def _restore(options: argparse.Namespace) -> int:
    from evsed.cli.backup import restore, undo
    from evsed.settings.load import read_layers

    layers = read_layers(_path(options))
    if options.undo == (options.file is not None):
        print("evsed: name the file of a backup, or --undo", file=sys.stderr)
        return USAGE
    print(undo(layers) if options.undo else restore(layers, options.file))
    return OK


def _off(options: argparse.Namespace) -> int:
    from evsed.cli.off import switch_off

    return switch_off(_path(options), wires_only=options.wires)


def _pilot(options: argparse.Namespace) -> int:
    from evsed.cli.pilot import watch_pilot

    return watch_pilot(_settings(options), duty=options.duty, times=options.times)


def _replay(options: argparse.Namespace) -> int:
    from evsed.sim.replay import run as replay

    return replay.run(options)


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Every command with its options, as far as *arguments* need them."""
    top = argparse.ArgumentParser(
        prog="evsed", description="Charge an electric car with the sun that is left over."
    )
    top.add_argument("--version", action="version", version=f"evsed {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, does: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")
        added.add_argument("--config", type=Path, help="settings (default /etc/evsed.toml)")
        added.set_defaults(does=does)
        return added

    command("run", _run, "drive the EVSE (what systemd starts)")
    demo = command("demo", _demo, "the same on a simulated Pi, with a car, the sun and a garage")
    demo.add_argument(
        "--port", type=_demo_port, default=8080, help="of the page; the garage is the next"
    )
    demo.add_argument(
        "--phases", type=int, choices=[1, 3], default=1, help="3: evsed switches them (default: 1)"
    )
    replay = command("replay", _replay, "run recorded days through the rules")
    if "replay" in arguments:  # its options live with it, and it is large
        from evsed.sim.replay.run import add_arguments

        add_arguments(replay)
    check = command("check", _check, "look at the settings and print what is in effect")
    check.add_argument(
        "--hardware", action="store_true", help="look at this Pi instead: what is wrong, what mends"
    )
    check.add_argument(
        "--feed",
        action="store_true",
        help="read feed and meters once: what each number is taken for",
    )
    check.add_argument(
        "--mqtt", action="store_true", help="try the broker: address, credentials, rights"
    )
    check.add_argument(
        "--ocpp", action="store_true", help="try the central system: address, password, version"
    )
    check.add_argument(
        "--notify", action="store_true", help="send a message to each address of [notify]"
    )
    check.add_argument(
        "--all", action="store_true", help="the settings, their files, the feed and this Pi"
    )
    status = command("status", _status, "ask a running evsed how things stand")
    status.add_argument("--url", help="where it is (default: this machine, by the settings)")
    pilot = command("pilot", _pilot, "watch the pilot wire; the contactor stays open")
    pilot.add_argument("--duty", type=float, default=1.0, help="to put on the pilot, 0 to 1")
    pilot.add_argument(
        "--times", type=int, default=0, help="lines to print (default: until Ctrl-C)"
    )
    off = command("off", _off, "contactor open, pilot at steady +12 V, and the mode off")
    off.add_argument(
        "--wires", action="store_true", help="change no mode: what runs may close again"
    )
    ack = command("ack", _ack, "acknowledge faults that wait for you")
    wake = command("wake", _wake, "wake a car that leaves its offer untaken: state F for 4 s")
    controls = command(
        "set", _set, "change your controls: mode, limits of this session, weekly window, plan"
    )
    controls.add_argument(
        "controls",
        nargs="*",
        metavar="KEY=VALUE",
        help="mode=off|solar|solar_min|fast, session_kwh=10, session_h=3, max_current_a=16, "
        'window="Mon-Fri 22:00-06:00", plan="20 kWh by 07:00"; '
        "none takes a limit away; nothing at all shows them",
    )
    for its in (status, ack, wake, controls):
        its.add_argument("--demo", action="store_true", help="of the demo that runs here")
    command("password", _password, "set the password that the page asks for before it gives orders")
    backup = command("backup", _backup, "save all that evsed keeps as one file")
    backup.add_argument("file", type=Path, metavar="FILE", help="the backup, such as evsed.zip")
    restore = command("restore", _restore, "check a backup, and put it in place at the next start")
    restore.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the backup")
    restore.add_argument(
        "--undo", action="store_true", help="what there was before the last restore, instead"
    )
    token = command("token", _token, "create, list or revoke a token: a program's password")
    _add_tokens(token)
    return top


def _add_tokens(token: argparse.ArgumentParser) -> None:
    """Add the commands of *token*: their options may stand before the name, too."""
    token.set_defaults(name="", scope="control")
    whats = token.add_subparsers(dest="what", required=True, metavar="WHAT")
    for what, does in (
        ("create", "a new one, which is printed this once"),
        ("list", "all there are, without their texts"),
        ("revoke", "from now on it is refused"),
    ):
        act = whats.add_parser(what, help=does)
        act.add_argument("--config", type=Path, default=argparse.SUPPRESS, help="settings")
        if what != "list":
            act.add_argument("name", metavar="NAME", help="the program that has it")
        if what == "create":
            act.add_argument("--scope", choices=("read", "control"), help="(default control)")
            act.set_defaults(scope="control")


def _demo_port(text: str) -> int:
    """Return the port of the demo's page: the garage needs the next one."""
    if not text.isdecimal() or not int(text) <= PORT_MAX - 1:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to {PORT_MAX - 1}, such as 9000")
    return int(text)


def hint(known: argparse.ArgumentParser, first: str) -> str:
    """Return what to say of a first argument that is no command; "" for one that is."""
    names = next(
        action.choices
        for action in known._actions  # noqa: SLF001 - argparse shows its commands in no other way
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    if first.startswith("-") or first in names:
        return ""
    from difflib import get_close_matches

    near = get_close_matches(first, names, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"there is no command {first!r}; {meant}"
