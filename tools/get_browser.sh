#!/bin/sh
# Chromium and a font for the browser tests, from Debian; does nothing where they are.
set -eu
command -v chromium >/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "Chromium is needed for the browser tests: run 'apt-get install chromium fonts-liberation'." >&2; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
