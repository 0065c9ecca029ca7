#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kicad_cli.sh symbols            print KiCad's folder of symbol libraries
# kicad_cli.sh check              electrical rules of hw/evsed.kicad_sch; any finding fails;
#                                 leaves the netlist in hw/.cache/evsed.net
# kicad_cli.sh export             hw/docs/schematic.pdf, hw/docs/schematic/*.svg, hw/docs/bom.csv
#
# Uses KiCad 9 from the PATH, or the one that get_tools.sh unpacked into hw/.cache/kicad.
set -euo pipefail

hw=$(cd "$(dirname "$0")/.." && pwd)
root="$hw/.cache/kicad"
work=""

die() { printf 'hw: %s\n' "$*" >&2; exit 1; }

case "$(kicad-cli version 2>/dev/null || true)" in
  9.*) own=yes ;;
  *) own=no; [ -e "$root/.ready" ] || die "KiCad 9 is missing: run make hw." ;;
esac

if [ "${1:-}" = symbols ]; then
  if [ $own = yes ]; then
    for folder in "${KICAD9_SYMBOL_DIR:-}" /usr/share/kicad/symbols; do
      [ -n "$folder" ] && [ -d "$folder" ] && { echo "$folder"; exit 0; }
    done
    die "KiCad's symbol libraries were not found: set KICAD9_SYMBOL_DIR."
  fi
  echo "$root/usr/share/kicad/symbols"
  exit 0
fi

# one name for the work folder, inside the root as outside
if [ $own = yes ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  kicad() { (cd "$work" && kicad-cli "$@"); }
else
  work="$root/w"
  rm -rf "$work"; mkdir -p "$work"
  kicad() {
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LC_ALL=C.UTF-8 \
      sh -c 'cd /w; exec kicad-cli "$@"' kicad-cli "$@"
  }
fi
cp "$hw"/*.kicad_sch "$hw"/evsed.kicad_pro "$work"/

case "${1:-}" in
  check)
    if ! kicad sch erc --severity-all --exit-code-violations -o erc.rpt evsed.kicad_sch >/dev/null; then
      cat "$work/erc.rpt" >&2
      die "the schematic breaks electrical rules (above)."
    fi
    kicad sch export netlist --format kicadsexpr -o evsed.net evsed.kicad_sch >/dev/null
    mkdir -p "$hw/.cache"; cp "$work/evsed.net" "$hw/.cache/evsed.net"
    echo "hw: electrical rules: $(grep -c '^\*\*\*\*\* Sheet' "$work/erc.rpt") sheets, no findings" >&2
    ;;
  export)
    kicad sch export pdf -o schematic.pdf evsed.kicad_sch >/dev/null
    kicad sch export svg -o svg evsed.kicad_sch >/dev/null
    kicad sch export bom --fields 'Reference,Value,${QUANTITY},Tolerance,Rating,Manufacturer,MPN,Footprint' \
      --labels 'Reference,Value,Quantity,Tolerance,Rating,Manufacturer,MPN,Footprint' \
      --group-by 'Value,MPN' --ref-range-delimiter '' -o bom.csv evsed.kicad_sch >/dev/null
    mkdir -p "$hw/docs/schematic"
    # the dates that KiCad writes into its files would make every run differ
    sed -i -E 's/(CreationDate|ModDate) ?\(D:[^)]*\)/\1 (D:20260101000000Z)/' "$work/schematic.pdf"
    cp "$work/schematic.pdf" "$work/bom.csv" "$hw/docs/"
    for file in "$work"/svg/*.svg; do
      name=$(basename "$file" | sed -E 's/^evsed-//; s/ /-/g' | tr '[:upper:]' '[:lower:]')
      # a tenth of a millimetre is finer than any screen shows; this halves the files
      sed -E -e '/<title>/d' -e 's/([0-9]+\.[0-9]{2})[0-9]+/\1/g' "$file" |
        sed -z -E 's/\nL/L/g; s/\n" \/>/"\/>/g' >"$hw/docs/schematic/$name"
    done
    ;;
  *) die "usage: kicad_cli.sh symbols|check|export" ;;
esac
