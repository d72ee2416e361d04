"""A program of its own: serves one GGUF file with llama.cpp, on this machine alone, for as long as its stdin is open.

    python server.py < {"model": "/a/model.gguf", "apiKey": "...", "context": 4096, ...}

The first line of stdin says what to serve: nothing secret stands among the arguments. One line on stdout, `READY URL`,
says where. It ends with its stdin, so it cannot outlive the daemon, however that ends; TERM ends it as well.
It imports nothing of chatls: it is started by its path, and has to be quick and small.
"""

import json
import os
import sys
from contextlib import suppress
from typing import Any

import xllamacpp

_ERRORS_ONLY = 1


def main() -> None:
    """Serve until stdin ends."""
    wanted: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    ready = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever llama.cpp prints
    os.set_blocking(sys.stderr.fileno(), False)  # nobody reads it unless we fail: better lost than waited for
    try:
        server = xllamacpp.Server(parameters(wanted))
    except RuntimeError as error:
        sys.exit(str(error))
    with suppress(BrokenPipeError):  # who started us is gone; stdin says so as well
        os.write(ready, f"READY {server.listening_address}\n".encode())
    os.close(ready)
    sys.stdin.buffer.read()
    os._exit(0)  # llama.cpp's threads do not end in order


def parameters(wanted: dict[str, Any]) -> xllamacpp.CommonParams:
    """llama.cpp's settings. `threads`, `promptThreads` and `template` may be missing: llama.cpp and the file decide."""
    params = xllamacpp.CommonParams()
    params.model.path = wanted["model"]
    params.n_ctx = wanted["context"]
    params.n_parallel = 1
    params.cache_ram_mib = 64  # for old prompts, of which it would keep 8 GB
    params.use_jinja = True
    params.chat_template = wanted.get("template") or ""
    params.warmup = False
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = _ERRORS_ONLY
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [wanted["apiKey"]]
    params.cpuparams.n_threads = wanted.get("threads") or params.cpuparams.n_threads
    params.cpuparams_batch.n_threads = wanted.get("promptThreads") or params.cpuparams_batch.n_threads
    return params


if __name__ == "__main__":
    main()
