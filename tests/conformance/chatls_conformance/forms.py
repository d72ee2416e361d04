"""A tool server of the Model Context Protocol (stdio, newline-delimited) for the daemon to start: `echo` says its word,
`form` asks a person, `slow` waits until it is cancelled. Standard library only; a program of its own."""

import json
import sys
from typing import Any

Json = dict[str, Any]

_FORM: Json = {
    "message": "Which one?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "title": "Kind", "enum": ["red", "blue"]},
            "count": {"type": "integer", "title": "Count", "default": 3},
        },
        "required": ["kind"],
    },
}


def _tool(name: str, **properties: Json) -> Json:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": f"It can {name}.", "inputSchema": schema}


_TOOLS = [_tool("echo", word={"type": "string"}), _tool("form"), _tool("slow")]


def _say(message: Json) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def _text(identifier: Any, words: str) -> None:
    _say({"id": identifier, "result": {"content": [{"type": "text", "text": words}]}})


def main() -> None:
    """Serve until the input ends."""
    waiting: dict[str, Any] = {}
    for line in sys.stdin:
        message: Json = json.loads(line)
        method, identifier = message.get("method"), message.get("id")
        params: Json = message.get("params") or {}
        if method is None:
            _text(waiting.pop(str(identifier)), f"the person says {json.dumps(message.get('result'))}")
        elif method == "initialize":
            told: Json = {"capabilities": {"tools": {}}, "serverInfo": {"name": "kit", "version": "1"}}
            _say({"id": identifier, "result": {"protocolVersion": params["protocolVersion"], **told}})
        elif method == "tools/list":
            _say({"id": identifier, "result": {"tools": _TOOLS}})
        elif method == "tools/call" and params["name"] == "echo":
            _text(identifier, f"echo: {params['arguments']['word']}")
        elif method == "tools/call" and params["name"] == "form":
            waiting[f"form-{identifier}"] = identifier
            _say({"id": f"form-{identifier}", "method": "elicitation/create", "params": _FORM})
        elif method not in ("tools/call", None) and identifier is not None:
            _say({"id": identifier, "error": {"code": -32601, "message": "no such method"}})


if __name__ == "__main__":
    main()
