"""Daemons that break one rule each: what stands between the kit and ours spoils one thing, as broken.txt says.

python broken.py RULE -- COMMAND    is such a daemon
"""

import copy
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatls_conformance.framing import Cutter, Json, packed
from chatls_conformance.matching import Names

TABLE = Path(__file__).with_name("broken.txt")

_DECODER = json.JSONDecoder()


class Fault:
    """One thing that goes wrong: a verb, what it is about, and how."""

    def __init__(self, text: str) -> None:
        self.verb, text = text.split(" ", 1)
        self._match, text = _match(text)
        self._values: list[Any] = []
        self._held: list[Json | bytes] = []
        self._second: Json | None = None
        if self.verb == "hold":
            self._second, text = _match(text)
        self._path = ""
        if self.verb in ("set", "unset", "alter"):
            self._path, _, text = text.partition(" ")
        while text.strip():
            value, end = _DECODER.raw_decode(text.strip())
            self._values.append(value)
            text = text.strip()[end:]

    def spoil(self, by: str, message: Json) -> list[Json | bytes]:
        """What comes of a message."""
        ours = by == ("client" if self.verb in ("lose", "alter", "fake", "before", "after", "reply") else "daemon")
        if self._held and self._second is not None and by == "daemon" and _fits(self._second, message):
            held, self._held = self._held, []
            return [message, *held]
        if not ours or not _fits(self._match, message):
            return [message]
        return _VERBS[self.verb](self, message)

    def do_set(self, message: Json) -> list[Json | bytes]:
        changed = copy.deepcopy(message)
        place: Any = changed
        *path, last = self._full_path()
        for name in path:
            place = place[int(name)] if name.isdigit() else place[name]
        if self.verb == "unset":
            del place[last]
        elif last.isdigit():
            place[int(last)] = self._values[0]
        else:
            place[last] = self._values[0]
        return [changed]

    def _full_path(self) -> list[str]:
        value = "params.value." if self._match.get("method") == "$/progress" and self._path[0] != "/" else ""
        return f"{value}{self._path.lstrip('/')}".split(".")

    def do_drop(self, message: Json) -> list[Json | bytes]:
        return []

    def do_double(self, message: Json) -> list[Json | bytes]:
        return [message] * int(self._values[0] if self._values else 2)

    def do_add(self, message: Json) -> list[Json | bytes]:
        return [message, self._whole()]

    def do_before(self, message: Json) -> list[Json | bytes]:
        return [self._whole(), message]

    def do_hold(self, message: Json) -> list[Json | bytes]:
        self._held.append(message)
        return []

    def do_stretch(self, message: Json) -> list[Json | bytes]:
        time.sleep(self._values[0])
        return [message]

    def do_bytes(self, message: Json) -> list[Json | bytes]:
        return [self._values[0].encode(), message]

    def do_reply(self, message: Json) -> list[Json | bytes]:
        return [message, Reply(self._whole())]

    def do_fake(self, message: Json) -> list[Json | bytes]:
        return [Reply({"jsonrpc": "2.0", "id": message["id"], "result": self._values[0]})]

    def _whole(self) -> Json:
        return {"jsonrpc": "2.0", **self._values[0]}


class Reply(dict[str, Any]):
    """A message that goes back to where it came from."""


_VERBS: dict[str, Callable[[Fault, Json], list[Json | bytes]]] = {
    "set": Fault.do_set,
    "unset": Fault.do_set,
    "alter": Fault.do_set,
    "drop": Fault.do_drop,
    "lose": Fault.do_drop,
    "double": Fault.do_double,
    "add": Fault.do_add,
    "before": Fault.do_before,
    "after": Fault.do_add,
    "hold": Fault.do_hold,
    "stretch": Fault.do_stretch,
    "bytes": Fault.do_bytes,
    "reply": Fault.do_reply,
    "fake": Fault.do_fake,
}


def _match(text: str) -> tuple[Json, str]:
    """What a fault is about: `id=NAME` an answer, `event=KIND` an event, `method=NAME`, or a pattern."""
    if text[0] == "{":
        value, end = _DECODER.raw_decode(text)
        return value, text[end:].strip()
    word, _, rest = text.partition(" ")
    kind, _, name = word.partition("=")
    match kind:
        case "id":
            return {"id": None if name == "null" else name, "method": "<absent>"}, rest
        case "event":
            return {"method": "$/progress", "params": {"value": {"kind": name}}}, rest
        case _:
            return {"method": name}, rest


def _fits(pattern: Json, message: Json) -> bool:
    return Names({}).misfit(pattern, message) is None


class Faults:
    """What goes wrong in one broken daemon."""

    def __init__(self, text: str) -> None:
        self._faults = [Fault(part) for part in text.split(" ; ")]

    def spoil(self, by: str, message: Json) -> list[tuple[str, Json | bytes]]:
        """A `Tap`."""
        items: list[Json | bytes] = [message]
        for fault in self._faults:
            items = [
                new for item in items for new in ([item] if isinstance(item, bytes | Reply) else fault.spoil(by, item))
            ]
        to = "daemon" if by == "client" else "client"
        return [("client" if isinstance(item, Reply) else to, item) for item in items]


def read_table() -> dict[str, tuple[str, str]]:
    """By rule: the rule whose conversation shows it, and the faults."""
    found: dict[str, tuple[str, str]] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if match := re.fullmatch(r"([a-z][\w.-]*)(?: @ ([\w.-]+))?: (.+)", line):
            found[match[1]] = (match[2] or match[1], match[3])
    return found


def main() -> int:
    """Stand between standard input and output and a command."""
    rule, command = sys.argv[1], sys.argv[3:]
    faults = Faults(read_table()[rule][1])
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert child.stdin
    assert child.stdout
    sinks = {"client": 1, "daemon": child.stdin.fileno()}
    threading.Thread(target=_pump, args=("client", 0, sinks, faults), daemon=True).start()
    _pump("daemon", child.stdout.fileno(), sinks, faults)
    return child.wait()


def _pump(by: str, source: int, sinks: dict[str, int], faults: Faults) -> None:
    cutter = Cutter()
    while data := os.read(source, 2**16):
        for body in cutter.feed(data):
            for to, item in faults.spoil(by, json.loads(body)):
                os.write(sinks[to], item if isinstance(item, bytes) else packed(item))
    if by == "client":
        os.close(sinks["daemon"])


if __name__ == "__main__":
    sys.exit(main())
