# SPDX-License-Identifier: GPL-3.0-or-later
"""The password's file, and how tries of it are slowed down, on made-up time."""

import stat
from pathlib import Path

import pytest

from evsed.frontends.web.auth.password import hashed, keep, matches
from evsed.frontends.web.auth.rate_limit import (
    ADDRESSES_MAX,
    FORGOTTEN_S,
    FREE,
    MOST_S,
    LoginRateLimiter,
)


def test_a_password_is_kept_as_a_salted_hash_for_evsed_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"
    keep(file, "grüß dich")
    kept = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "dich" not in kept
    assert kept.startswith("$scrypt$ln=14,r=8,p=5$")
    assert matches("grüß dich", kept)
    assert not matches("gruss dich", kept)
    assert [peer.name for peer in tmp_path.iterdir()] == ["password"]


def test_the_same_password_is_never_kept_the_same_and_its_letters_may_be_composed() -> None:
    first, second = hashed("u\u0308ber"), hashed("\u00fcber")
    assert first != second
    assert matches("\u00fcber", first)


def test_setting_it_anew_replaces_it_whole_whatever_an_interrupted_try_left(tmp_path: Path) -> None:
    file = tmp_path / "password"
    (tmp_path / "password.new").write_text("half a")
    keep(file, "one")
    keep(file, "two")
    assert matches("two", file.read_text())


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "none" / "password", "one")


@pytest.mark.parametrize(
    "kept", ["", "secret", "$scrypt$ln=14,r=8,p=5$$", "$scrypt$ln=14,r=8,p=5$a$b", "$2b$12$abc"]
)
def test_what_holds_no_password_matches_none(kept: str) -> None:
    with pytest.raises(ValueError, match="no password"):
        matches("secret", kept)


def test_each_failure_after_the_free_ones_doubles_the_wait() -> None:
    tries, now, waits = LoginRateLimiter(), 100.0, []
    for _ in range(FREE):
        assert tries.begin("10.0.0.5", now) == 0.0
    for _ in range(9):
        waits.append(wait_s := tries.begin("10.0.0.5", now))
        now += wait_s
        assert tries.begin("10.0.0.5", now) == 0.0
    assert waits == [1, 2, 4, 8, 16, 32, MOST_S, MOST_S, MOST_S]


def test_the_wait_begins_when_the_failure_is_told() -> None:
    tries = LoginRateLimiter()
    for _ in range(FREE):
        tries.begin("10.0.0.5", 0.0)
    tries.failed("10.0.0.5", 30.0)
    tries.failed("10.0.0.6", 30.0)
    assert tries.begin("10.0.0.5", 30.5) == 0.5
    assert tries.begin("10.0.0.6", 30.5) == 0.0


def test_asking_too_early_makes_nothing_worse() -> None:
    tries = LoginRateLimiter()
    for _ in range(FREE):
        tries.begin("10.0.0.5", 0.0)
    assert [tries.begin("10.0.0.5", 0.25) for _ in range(100)] == [0.75] * 100
    assert tries.begin("10.0.0.5", 1.0) == 0.0


def test_others_do_not_wait_nor_does_who_knew_it_or_stayed_away() -> None:
    tries = LoginRateLimiter()
    for address in ("10.0.0.5", "10.0.0.6"):
        for _ in range(FREE):
            tries.begin(address, 0.0)
    assert tries.begin("10.0.0.7", 0.0) == 0.0
    tries.succeeded("10.0.0.5")
    assert tries.begin("10.0.0.5", 0.0) == 0.0
    assert tries.begin("10.0.0.6", 0.0) > 0.0
    assert tries.begin("10.0.0.6", FORGOTTEN_S) == 0.0
    assert tries.begin("10.0.0.6", FORGOTTEN_S) == 0.0


@pytest.mark.parametrize(
    ("peer", "other", "same"),
    [
        ("fd00::1", "fd00::ffff:2", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("fd00::1", "fd00:0:0:1::1", False),
        ("::ffff:10.0.0.5", "10.0.0.5", True),
        ("somebody", "somebody else", False),
    ],
)
def test_a_network_that_one_machine_has_to_itself_counts_as_one(
    peer: str, other: str, *, same: bool
) -> None:
    tries = LoginRateLimiter()
    for _ in range(FREE):
        tries.begin(peer, 0.0)
    assert (tries.begin(other, 0.0) > 0) is same


def test_memory_for_addresses_is_bounded() -> None:
    tries = LoginRateLimiter()
    for n in range(ADDRESSES_MAX + 10):
        for _ in range(FREE):
            tries.begin(f"host {n}", 0.0)
    assert len(tries) == ADDRESSES_MAX
    assert tries.begin("host 0", 0.0) == 0.0
    assert tries.begin(f"host {ADDRESSES_MAX + 9}", 0.0) > 0.0
