#!/bin/sh
# LibreOffice Calc without a screen, from Debian: one test opens a patched workbook with it; does nothing where it is, and nothing
# without root either: that test then says why it is skipped.
set -eu
packages="libreoffice-calc-nogui"
command -v soffice >/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "One test of exports will be skipped: it needs 'apt-get install $packages'." >&2; exit 0; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
