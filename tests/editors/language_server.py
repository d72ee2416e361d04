"""A language server that says what a test wants: `python language_server.py SCRIPT`, a JSON file.

{"encoding": "utf-8", "provides": ["hoverProvider"], "answers": {"textDocument/hover": ...}}: the result of each method;
one that is not named is never answered, and {"error": "words"} is an error.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer until the input ends."""
    script = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    while (size := header()) is not None:
        message = json.loads(sys.stdin.buffer.read(size))
        answer(script, message)


def header() -> int | None:
    """The length of the next message; None at the end."""
    size = None
    while (line := sys.stdin.buffer.readline().strip()) or size is None:
        if not line:
            return None
        if line.lower().startswith(b"content-length:"):
            size = int(line.partition(b":")[2])
    return size


def answer(script: dict[str, Any], message: dict[str, Any]) -> None:
    """Answer a request."""
    method = message.get("method")
    if "id" not in message or method is None:
        return
    if method == "initialize":
        own = {"textDocumentSync": 1, **dict.fromkeys(script["provides"], True)}
        send({"id": message["id"], "result": {"capabilities": {**own, "positionEncoding": script["encoding"]}}})
    elif method == "shutdown":
        send({"id": message["id"], "result": None})
    elif method in script["answers"]:
        match script["answers"][method]:
            case {"error": words}:
                send({"id": message["id"], "error": {"code": -32803, "message": words}})
            case found:
                send({"id": message["id"], "result": found})


def send(message: dict[str, Any]) -> None:
    """Write one message."""
    data = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
