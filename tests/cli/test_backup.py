# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed backup` and `evsed restore` from the command line."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from evsed.cli import main
from evsed.cli.codes import FAILED, OK, USAGE
from evsed.store import Store, archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> str:
    folder = tmp_path / "lib"
    folder.mkdir()
    file = tmp_path / "evsed.toml"
    file.write_text(f'[store]\npath = "{folder / "evsed.db"}"\n')
    store = Store(folder / "evsed.db")
    store.put("controls", {"mode": "solar"})
    store.close()
    (folder / "settings.toml").write_text("[supply]\nmax_current_a = 16.0\n")
    return str(file)


def test_what_is_saved_is_checked_and_put_ready(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "evsed.zip"
    assert main(["backup", str(target), "--config", config]) == OK
    assert main(["restore", str(target), "--config", config]) == OK
    assert "put ready: evsed.db, settings.toml. It takes effect" in capsys.readouterr().out
    folder = tmp_path / "lib"
    assert archive.apply(folder / "evsed.db", folder / "settings.toml")
    assert main(["restore", "--undo", "--config", config]) == OK


def test_a_backup_with_wrong_settings_is_refused_as_a_whole(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, wrong = tmp_path / "evsed.zip", tmp_path / "wrong.zip"
    main(["backup", str(good), "--config", config])
    with zipfile.ZipFile(good) as packed, zipfile.ZipFile(wrong, "w") as made:
        made.writestr("evsed.db", packed.read("evsed.db"))
        made.writestr("settings.toml", "[supply]\nmax_current_a = 900.0\n")
    assert main(["restore", str(wrong), "--config", config]) == FAILED
    assert "max_current_a" in capsys.readouterr().err
    assert not (tmp_path / "lib" / "restore.new").exists()


@pytest.mark.parametrize("arguments", [[], ["x.zip", "--undo"]])
def test_a_restore_needs_a_file_or_undo(config: str, arguments: list[str]) -> None:
    assert main(["restore", *arguments, "--config", config]) == USAGE


def test_a_file_that_is_not_there_is_said(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", "/nowhere/evsed.zip", "--config", config]) == FAILED
    assert "nothing was changed" in capsys.readouterr().err
