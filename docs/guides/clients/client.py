"""A chat in Python's standard library: python client.py QUESTION ... Ctrl-C cancels the turn that runs."""

import difflib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SHOWN = {"textChunk": "{text}", "toolCallEnd": "\n- {title}\n", "toolRunEnd": "- {status}\n"}  # no other kinds
COMMAND = shlex.split(os.environ.get("CHATLS_COMMAND", "chatls"))
daemon = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
assert daemon.stdin and daemon.stdout
sink, source = daemon.stdin, daemon.stdout


def send(**message: Any) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sink.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    sink.flush()


def messages() -> Iterator[Json]:
    while line := source.readline():
        length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else 0
        while line.strip():
            line = source.readline()
        yield json.loads(source.read(length))


def show(event: Json) -> None:
    print(SHOWN.get(event["kind"], "").format(**event), end="", flush=True)


def preview(item: Json) -> str | None:
    if item["type"] != "diff":
        return item.get("text")
    lines = difflib.unified_diff(item["oldText"].splitlines(), item["newText"].splitlines(), lineterm="")
    return "\n".join([item["uri"], *list(lines)[2:]])


def permitted(question: Json) -> Json:
    shown = [preview(item) for item in question["preview"]]
    print(f"\n{question['title']}", *shown, "[y/n] ", sep="\n", end="", flush=True)
    agreed = sys.stdin.readline().strip() == "y" and None not in shown  # nobody can agree to what is not shown
    options = {option["kind"]: option["id"] for option in reversed(question["options"])}
    return {"outcome": "selected", "optionId": options["allow_once" if agreed else "reject_once"]}


def request(number: int, method: str, params: Json | None = None) -> Any:
    send(id=number, method=method, params=params)
    for message in messages():
        if message.get("method") == "$/progress":
            show(message["params"]["value"])
        elif message.get("method") == "chat/requestPermission":
            send(id=message["id"], result=permitted(message["params"]))
        elif "method" in message and "id" in message:
            send(id=message["id"], error={"code": -32601, "message": "not known here"})
        elif message.get("id") == number and "method" not in message:
            return message.get("result") or print(message.get("error", {}).get("message", ""))
    sys.exit("the daemon has left")


def cancel(number: int, *_: object) -> None:
    send(method="$/cancelRequest", params={"id": number})


folder = {"uri": Path.cwd().as_uri(), "name": Path.cwd().name}
chat = {"version": 1, "permission": True}
request(1, "initialize", {"capabilities": {"experimental": {"chat": chat}}, "workspaceFolders": [folder]})
send(method="initialized", params={})
session: Json = {}
for number, question in enumerate(sys.argv[1:], 2):
    signal.signal(signal.SIGINT, partial(cancel, number))
    result = request(number, "chat/prompt", {"content": question, "partialResultToken": number, **session})
    if result:
        session = {"sessionId": result["sessionId"]}
        print(f"\n({result['stopReason']})", flush=True)
request(0, "shutdown")
send(method="exit")
