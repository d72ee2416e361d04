"""An MCP server that does what its first argument says: the ordinary ones, and all that a server should not do.

    python server.py MANNER [ERA]

Standard library only: it is started as a program of its own.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

MANNER = sys.argv[1] if len(sys.argv) > 1 else "good"
ERA = sys.argv[2] if len(sys.argv) > 2 else "legacy"
MODERN = "2026-07-28"
LOCK = threading.Lock()
CANCELLED = set[Any]()
FORMS: dict[Any, Any] = {}
WAITING: dict[Any, threading.Event] = {}
lists = [0]
"""How often it was asked for its tools."""


def say(message: dict[str, Any]) -> None:
    line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    with LOCK:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def answer(identifier: Any, result: dict[str, Any]) -> None:
    say({"id": identifier, "result": {"resultType": "complete", **result} if ERA == "modern" else result})


def refuse(identifier: Any, code: int, words: str, data: Any = None) -> None:
    say({"id": identifier, "error": {"code": code, "message": words, "data": data}})


def text(identifier: Any, words: str, **more: Any) -> None:
    answer(identifier, {"content": [{"type": "text", "text": words}], **more})


def tool(name: str, reads: bool = False, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "name": name,
        "description": f"{name} things",
        "inputSchema": schema,
        "annotations": {"readOnlyHint": reads},
    }


STRING = {"type": "string"}
TOOLS = [
    tool("echo", word=STRING),
    tool("look", reads=True, word=STRING),
    tool("fail"),
    tool("slow"),
    tool("form"),
    tool("environment"),
    tool("huge"),
    tool("die"),
    tool("odd.name"),
    tool("odd name"),
]


def asked(name: str, method: str) -> Any:
    """What the client answers to a request of ours."""
    over = WAITING[name] = threading.Event()
    say({"id": name, "method": method})
    over.wait()
    return FORMS[name]


def listed(identifier: Any, params: dict[str, Any]) -> None:
    lists[0] += 1
    if MANNER == "asks":
        roots = asked("r", "roots/list")["roots"]
        answer(identifier, {"tools": [tool("ping"), *(tool(root["name"]) for root in roots)]})
        return
    if MANNER == "pages":
        at = int(params.get("cursor") or 0)
        answer(identifier, {"tools": [tool(f"t{at}")], "nextCursor": str(at + 1)} if at < 4 else {"tools": []})
    elif MANNER == "many":
        answer(identifier, {"tools": [tool(f"t{number}") for number in range(150)]})
    elif MANNER == "changes" and lists[0] == 1:
        answer(identifier, {"tools": [tool("change")]})
    elif MANNER == "changes":
        answer(identifier, {"tools": [tool("changed")]})
    else:
        answer(identifier, {"tools": TOOLS})


def slow(identifier: Any, token: Any) -> None:
    say({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1, "total": 2}})
    while identifier not in CANCELLED:
        time.sleep(0.01)
    text(identifier, "late")


def change(identifier: Any) -> None:
    say({"method": "notifications/tools/list_changed"})
    text(identifier, "changing")


def ping(identifier: Any) -> None:
    text(identifier, json.dumps(asked("p", "ping")))


def die(_: Any) -> None:
    sys.stderr.write("I had enough\n")
    sys.stderr.flush()
    os._exit(3)


def call(identifier: Any, params: dict[str, Any]) -> None:
    arguments: dict[str, Any] = params.get("arguments") or {}
    match params["name"]:
        case "echo" | "look" | "changed":
            text(identifier, f"{params['name']} {arguments.get('word', '')}")
        case "fail":
            text(identifier, "it does not work", isError=True)
        case "slow":
            slow(identifier, params["_meta"]["progressToken"])
        case "form":
            form(identifier, params)
        case "environment":
            text(identifier, json.dumps({"cwd": str(Path.cwd()), "_meta": params.get("_meta"), **os.environ}))
        case "huge":
            text(identifier, "x" * (17 * 2**20))
        case "die" | "change" | "ping" as name:
            {"die": die, "change": change, "ping": ping}[name](identifier)
        case name:
            text(identifier, name)


FORM = {
    "message": "Which\u202e one?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "title": "Size", "default": 3},
            "kind": {"type": "string", "enum": ["a", "b"]},
        },
        "required": ["kind"],
    },
}


def form(identifier: Any, params: dict[str, Any]) -> None:
    if ERA == "modern":
        given = params.get("inputResponses")
        if given is None:
            asked = {"one": {"method": "elicitation/create", "params": FORM}}
            say(
                {
                    "id": identifier,
                    "result": {"resultType": "input_required", "inputRequests": asked, "requestState": "s"},
                }
            )
            return
        assert params["requestState"] == "s"
        text(identifier, json.dumps(given["one"]))
        return
    over = threading.Event()
    WAITING["f"] = over
    say({"id": "f", "method": "elicitation/create", "params": FORM})
    over.wait()
    text(identifier, json.dumps(FORMS["f"]))


def greet(identifier: Any, method: str, params: dict[str, Any]) -> None:
    capabilities = {"tools": {"listChanged": True}}
    told = {"capabilities": capabilities, "serverInfo": {"name": "scripted", "version": "1"}}
    modern = method == "server/discover"
    if modern and ERA == "modern":
        answer(identifier, {"supportedVersions": [MODERN], **told})
    elif not modern and ERA == "legacy":
        answer(identifier, {"protocolVersion": params["protocolVersion"], **told})
    elif not modern:
        refuse(identifier, -32022, "not that", {"supported": [MODERN]})
    elif MANNER != "silent":
        refuse(identifier, -32601, "no such method")


def take(message: dict[str, Any]) -> None:
    method, identifier = message.get("method"), message.get("id")
    params: dict[str, Any] = message.get("params") or {}
    if method is None:
        FORMS[identifier] = message.get("result")
        WAITING[identifier].set()
    elif method == "notifications/cancelled":
        CANCELLED.add(params["requestId"])
    elif method in ("initialize", "server/discover"):
        greet(identifier, method, params)
    elif method == "tools/list":
        threading.Thread(target=listed, args=(identifier, params), daemon=True).start()
    elif method == "tools/call":
        threading.Thread(target=call, args=(identifier, params), daemon=True).start()
    elif identifier is not None and method != "subscriptions/listen":
        refuse(identifier, -32601, "no such method")


def flood() -> None:
    while True:
        say({"method": "notifications/message", "params": {"data": "x" * 1000}})


def main() -> None:
    if MANNER == "dies":
        sys.stderr.write("no licence\n")
        sys.exit(7)
    if MANNER == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MANNER == "garbage":
        print("Welcome to my server!\n{'no': json}\n[1, 2]\n\x00\xff", flush=True)
    if MANNER == "floods":
        threading.Thread(target=flood, daemon=True).start()
    for line in sys.stdin:
        if MANNER != "hangs":
            take(json.loads(line))
    while MANNER == "stubborn":
        time.sleep(1)


main()
