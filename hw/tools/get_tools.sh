#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# get_tools.sh ngspice|kicad: make the tool there, or say plainly what is missing.
#
# ngspice comes from Debian. KiCad 9 is used where it is installed already (`kicad-cli` on the
# PATH); otherwise a small Debian root with nothing but KiCad is unpacked once into
# hw/.cache/kicad, so that 1.3 GB of packages never touch the machine itself. The archive to fetch
# from is the one this machine's own apt is set up with: no host is named here.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
root="$here/.cache/kicad"

die() { printf 'hw: %s\n' "$*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "$1 is missing and this is not root. $2"; }
have_apt() { command -v apt-get >/dev/null || die "$1 is missing and there is no apt. $2"; }

get_ngspice() {
  type -P ngspice >/dev/null && return 0
  local hint="Install ngspice 39 or newer (Debian: apt install ngspice), then run make hw again."
  have_apt ngspice "$hint"
  need_root ngspice "$hint"
  apt-get install -y --no-install-recommends ngspice >/dev/null ||
    die "apt could not install ngspice (is 'apt-get update' fresh?). $hint"
}

kicad_ready() {
  if command -v kicad-cli >/dev/null; then
    case "$(kicad-cli version 2>/dev/null)" in 9.*) return 0 ;; esac
  fi
  [ -e "$root/.ready" ]
}

get_kicad() {
  kicad_ready && return 0
  local hint="Install KiCad 9 (kicad-cli on the PATH, with its symbol library), then run make hw again."
  have_apt "KiCad 9" "$hint"
  need_root "KiCad 9" "$hint"
  command -v mmdebstrap >/dev/null || apt-get install -y --no-install-recommends mmdebstrap >/dev/null ||
    die "apt could not install mmdebstrap. $hint"
  local mirror
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
  [ -n "$mirror" ] ||
    mirror=$(awk '$1 == "deb" { print $2; exit }' /etc/apt/sources.list 2>/dev/null)
  [ -n "$mirror" ] || die "apt's own archive could not be found. $hint"
  rm -rf "$root" "$root.part"
  mkdir -p "$here/.cache"
  echo "hw: unpacking KiCad 9 into hw/.cache/kicad (once, a few minutes, 1.3 GB)" >&2
  mmdebstrap --quiet --mode=root --variant=minbase \
    --include=kicad/bookworm-backports,kicad-symbols/bookworm-backports \
    --include=libngspice0/bookworm-backports,fonts-dejavu-core,python3 \
    --aptopt='APT::Install-Recommends "false"' --aptopt='APT::Default-Release "bookworm"' \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/kicad/3dmodels/*' \
    bookworm "$root.part" "deb $mirror bookworm main" "deb $mirror bookworm-backports main" ||
    die "KiCad's root could not be unpacked. $hint"
  mv "$root.part" "$root"
  mkdir -p "$root/root/.config/kicad/9.0" "$root/w"
  cp "$root"/usr/share/kicad/template/sym-lib-table "$root/root/.config/kicad/9.0/"
  touch "$root/.ready"
}

case "${1:-}" in
  ngspice) get_ngspice ;;
  kicad) get_kicad ;;
  *) die "usage: get_tools.sh ngspice|kicad" ;;
esac
