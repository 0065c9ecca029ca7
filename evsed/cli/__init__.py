# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands. `evsed off` has two seconds, so it starts without those of the others."""

from __future__ import annotations

import sys

from evsed.cli.codes import CONFIG, FAILED, OK, UNAVAILABLE, USAGE, default_path
from evsed.errors import BoardError, EvsedError, SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code (78: the settings are wrong, 75: the board is not reached)."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except SettingsError as error:
        for problem, place in zip(error.problems, error.places, strict=True):
            print(f"evsed: {problem}{place}", file=sys.stderr)
        return CONFIG
    except BoardError as error:
        print(f"evsed: {error}", file=sys.stderr)
        return UNAVAILABLE
    except EvsedError as error:
        print(f"evsed: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return OK
    except BrokenPipeError:
        sys.stderr.close()
        return OK


def _run(arguments: list[str]) -> int:
    if arguments in (["off"], ["off", "--wires"]):
        from evsed.cli.off import switch_off

        return switch_off(default_path(), wires_only="--wires" in arguments)
    from evsed.cli.commands import hint, parser

    known = parser(arguments)
    if not arguments:
        known.print_help()
        return USAGE
    if unknown := hint(known, arguments[0]):
        print(f"evsed: {unknown}", file=sys.stderr)
        return USAGE
    options = known.parse_args(arguments)
    code: int = options.does(options)
    return code
