"""The process that holds the local model: llama.cpp's own server under xllamacpp, on loopback, one slot.

Run as a module; its settings come as one JSON object on stdin, its address goes out on stdout as one line.
"""

import sys
import threading
from pathlib import Path

import xllamacpp

from chatsheet.core import loose, processes

_BATCH = 128
_CACHE_MIB = 256


def main() -> None:
    """Load the model, say where it listens, and serve until killed."""
    processes.die_with_parent()
    given = loose.obj(loose.parse(sys.stdin.readline()))
    params = xllamacpp.CommonParams()
    params.model.path = loose.text(given.get("model"))
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [loose.text(given.get("key"))]
    params.ui = False
    params.verbosity = 1
    params.n_ctx = loose.number(given.get("context"))
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.n_batch = params.n_ubatch = _BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = loose.number(given.get("threads"))
    params.use_jinja = True
    params.chat_template = Path(__file__).with_name("qwen.jinja").read_text(encoding="utf-8")
    params.cache_prompt = True
    params.cache_ram_mib = _CACHE_MIB
    params.no_extra_bufts = True  # map the file instead of repacking it: 0.5 GB less, and a start in seconds
    params.slot_save_path = loose.text(given.get("slots")) + "/"
    params.sampling.temp = 0.0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201  read by the parent
    threading.Event().wait()


if __name__ == "__main__":
    main()
