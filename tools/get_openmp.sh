#!/bin/sh
# OpenMP's runtime for the offline model, from Debian; does nothing where it is.
set -eu
.venv/bin/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "The offline model needs OpenMP's runtime: run 'apt-get install libgomp1'." >&2; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgomp1 >/dev/null
