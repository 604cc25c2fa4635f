"""The killable process that draws one chart: a Vega-Lite document in on stdin, SVG or PNG out on stdout.

The engine reserves address space by the gigabyte, so what is limited is what it writes to: RLIMIT_DATA. It may write no file.
"""

import json
import resource
import sys
from pathlib import Path

HERE = str(Path(__file__).parents[2])
_MEMORY_BYTES = 2**30
_CPU_S = 50
_VERSION = "6.4"
_SCALE = 2.0


def main(form: str) -> None:
    """Draw what stands on stdin."""
    for kind, most in (
        (resource.RLIMIT_DATA, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    import vl_convert  # noqa: PLC0415  after the limits

    document: dict[str, object] = json.load(sys.stdin.buffer)
    if form == "svg":
        drawn = vl_convert.vegalite_to_svg(document, vl_version=_VERSION, allowed_base_urls=[]).encode()
    else:
        drawn = vl_convert.vegalite_to_png(document, vl_version=_VERSION, scale=_SCALE, allowed_base_urls=[])
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main(sys.argv[1])
