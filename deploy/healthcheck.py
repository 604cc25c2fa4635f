"""Exits with 0 where an address of this machine answers 200: `healthcheck.py URL`.

A server in a login mode answers to its public host only, which is read from where its settings are.
"""

import os
import sys
import tomllib
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


def public_host() -> str:
    """Return what people write as host; empty where settings name none."""
    url = os.environ.get("CHATSHEET_SERVER_PUBLIC_URL", "")
    config = Path(os.environ.get("CHATSHEET_CONFIG", "chatsheet.toml"))
    if not url and config.is_file():
        url = str(tomllib.loads(config.read_text(encoding="utf-8")).get("server", {}).get("public_url", ""))
    return urlsplit(url).netloc


def main(url: str) -> int:
    """Ask once, never through a proxy."""
    host = public_host()
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310  an address of this image
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=4) as answer:
            return 0 if answer.status == 200 else 1  # noqa: PLR2004
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
