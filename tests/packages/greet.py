"""Starts a daemon as an editor does, and waits for its answer to `initialize`. Needs nothing but Python.

python tests/packages/greet.py lsp|acp COMMAND...    exit code 1, saying why, where it does not answer or end
"""

import json
import re
import subprocess
import sys
from typing import IO, Any, cast

AT_MOST = 60
"""Seconds for the daemon to end once nobody speaks any more."""
PARAMS: dict[str, dict[str, Any]] = {
    "lsp": {"processId": None, "rootUri": None, "capabilities": {}},
    "acp": {"protocolVersion": 1, "clientCapabilities": {}},
}


def write(stream: IO[bytes], face: str, message: dict[str, Any]) -> None:
    """Send a message: behind a header to the one face, as a line to the other."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) if face == "lsp" else body + b"\n")
    stream.flush()


def read(stream: IO[bytes], face: str) -> dict[str, Any]:
    """The next message. Raises `EOFError` at the end of the stream."""
    line = stream.readline()
    if not line:
        raise EOFError("it ended without an answer")
    if face == "lsp":
        length = 0
        while line.strip():
            if found := re.match(rb"Content-Length: (\d+)", line):
                length = int(found[1])
            line = stream.readline()
        line = stream.read(length)
    return cast("dict[str, Any]", json.loads(line))


def greet(face: str, command: list[str]) -> dict[str, Any]:
    """The result of `initialize`. Raises `EOFError`, `KeyError` with the answer, `TimeoutExpired`."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        if daemon.stdin is None or daemon.stdout is None:
            raise EOFError("it has no pipes")
        try:
            write(daemon.stdin, face, {"id": 1, "method": "initialize", "params": PARAMS[face]})
            while (answer := read(daemon.stdout, face)).get("id") != 1:
                pass
            if face == "lsp":
                write(daemon.stdin, face, {"id": 2, "method": "shutdown"})
                while read(daemon.stdout, face).get("id") != 2:
                    pass
                write(daemon.stdin, face, {"method": "exit"})
            daemon.stdin.close()
            daemon.wait(AT_MOST)
        finally:
            daemon.kill()
    if "result" not in answer:
        raise KeyError(json.dumps(answer))
    return cast("dict[str, Any]", answer["result"])


def main(arguments: list[str]) -> int:
    """Give the exit code."""
    if len(arguments) < 2 or arguments[0] not in PARAMS:
        sys.stderr.write(f"{__doc__}")
        return 2
    face, *command = arguments
    try:
        result = greet(face, command)
    except (EOFError, KeyError, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{' '.join(command)}: {error!r}\n")
        return 1
    sys.stdout.write(f"{json.dumps(result)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
