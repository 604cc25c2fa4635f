#!/bin/sh
# uv in a virtual environment of its own, from the package index; nothing of the machine's Python is touched.
set -eu
python=$(command -v python3 || true)
[ -n "$python" ] || { echo "Python 3.11 or newer is needed: install it and try again." >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "Python 3.11 or newer is needed; $("$python" --version) is too old." >&2; exit 1; }
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian ships ensurepip in a package of its own
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    else
        echo "Python's venv module is missing: run 'apt-get install python3-venv' and try again." >&2
        exit 1
    fi
fi
"$python" -m venv --clear .tools/uv
.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --requirement tools/uv.txt
