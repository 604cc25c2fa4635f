#!/bin/sh
# Chromium, a font, and what the browser's driver links against, from Debian; does nothing where they are.
set -eu
packages="chromium fonts-liberation libatomic1"
has_libatomic() { .venv/bin/python -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null; }
command -v chromium >/dev/null && has_libatomic && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "Chromium is needed for the browser tests: run 'apt-get install $packages'." >&2; exit 1; }
apt-get update -qq
# shellcheck disable=SC2086  several names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
