# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the page's parts of other hands into evsed/frontends/web/vendor/, for hatchling and by hand.

What they are and what they must be, to the last byte, stands in evsed/frontends/web/parts.toml.
`pip install`, `make setup` and `make dist` come by here; `python hatch_build.py --npm` compares
the parts with what npm has.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "evsed/frontends/web"
VENDOR = WEB / "vendor"

Parts = dict[str, dict[str, Any]]


class PartsHook(BuildHookInterface):
    """What hatchling calls before it packs a wheel, the editable one included."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Have the parts there, and packed although git ignores them."""
        bring(parts())
        build_data["artifacts"].append(f"/{VENDOR.relative_to(ROOT)}/*")


def parts() -> Parts:
    """The parts by their names."""
    return tomllib.loads((WEB / "parts.toml").read_text(encoding="utf-8"))


def bring(wanted: Parts) -> None:
    """Fill vendor/ from the wheels that carry the parts; SystemExit when one is not as pinned."""
    VENDOR.mkdir(exist_ok=True)
    for name, part in wanted.items():
        for file, pin in part["files"].items():
            try:
                carrier = metadata.distribution(pin["wheel"])
            except metadata.PackageNotFoundError:
                sys.exit(f"{file} of {name} comes in the wheel {pin['wheel']}, which is not "
                         "installed; nothing was built. `make setup` installs it.")  # fmt: skip
            body = Path(str(carrier.locate_file(pin["path"]))).read_bytes()
            _same(hashlib.sha512(body).hexdigest(), pin["sha512"], f"{file} in {pin['wheel']}")
            (VENDOR / file).write_bytes(body)


def compare_with_npm(wanted: Parts) -> None:
    """Fetch each part with npm, and compare; SystemExit when something differs."""
    if shutil.which("npm") is None:
        sys.exit("npm is not on this machine, so nothing was compared; sudo apt install npm")
    for name, part in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            spec = f"{part['npm']}@{part['version']}"
            npm = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder]
            subprocess.run([*npm, spec], check=True, stdout=subprocess.DEVNULL)
            packed = next(Path(folder).iterdir()).read_bytes()
        integrity = base64.b64encode(hashlib.sha512(packed).digest()).decode()
        _same(f"sha512-{integrity}", part["integrity"], f"npm's {spec}")
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            pinned = {pin["npm_path"]: pin["sha512"] for pin in part["files"].values()}
            licence = (WEB / "uPlot.LICENSE").read_bytes()
            pinned["LICENSE"] = hashlib.sha512(licence).hexdigest()
            for path, sha512 in pinned.items():
                file = archive.extractfile(f"package/{path}")
                body = file.read() if file else b""
                _same(hashlib.sha512(body).hexdigest(), sha512, f"{path} in npm's {spec}")
        print(f"{name} {part['version']}: {', '.join(pinned)} as npm has them")


def _same(found: str, pinned: str, what: str) -> None:
    if found != pinned:
        sys.exit(f"{what} is not what evsed/frontends/web/parts.toml pins; nothing was built.\n"
                 f"  pinned {pinned}\n  found  {found}\n"
                 "Look at what changed before you pin anew.")  # fmt: skip


if __name__ == "__main__":
    if "--npm" in sys.argv[1:]:
        compare_with_npm(parts())
    else:
        bring(parts())
