"""A prompt's way from the wire to the provider's request: each module is entered once, as on a chunk's way back.

The rule. The way begins when a frame's bytes are given to `lsp.main`, and ends when the provider's `stream` is entered.
A *station* is a module of ours that acts; those that only hold or read values are none (`VALUES`, and what is read of
the editor through its port), nor is what goes up (`UP`: events, notifications). `providers/` is one. A station is
*entered* by the first call of a function of it from another module; a return is no entry, nor is a coroutine that goes
on. A task goes on where it was handed over: what a task group was given is no entry where the same module gave it.
What worker threads do is not looked at, nor is what is made once and kept: a prompt went the same way before.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import pytest
from anyio import create_task_group, fail_after

from chatls.lsp.handshake import Hello
from chatls.lsp.main import App
from chatls.seen.logs.log import Log
from chatls.wire.outbox import Outbox
from chatls.wire.stdio import FrameReader, Output, frame
from tests.test_house import FLOORS, SERVER

pytestmark = pytest.mark.asyncio

ROOM = ("agent.context.limits", "agent.context.measure", "agent.context.layout")
VALUES = (*(name for names in FLOORS[:4] for name in names), "agent.history", "agent.keeping", *ROOM)
UP = {"seen.telemetry.watching", "wire.outbox", "wire.progress", "lsp.workdone", "wire.stdio"}
HEARING = {"_emit", "notify", "_tell", "listener"}
"""Functions that tell listeners, and that make one."""
PORT = "lsp.editor"
PROVIDERS = "providers"
STORE = "store"
"""One station: what it hears goes up, and it is asked once."""
WAY = [
    "lsp.main",
    "lsp.rpc",
    "wire.peer",
    "wire.jsonrpc",
    "wire.methods",
    "wire.params",
    "lsp.turns",
    "agent.chats",
    "tools.toolbox",
    "agent.session",
    "agent.accepted",
    STORE,
    "models",
    "agent.expanding",
    "agent.prompt",
    "agent.modes",
    "agent.system",
    "agent.instructions",
    "agent.surroundings",
    "agent.permission.gate",
    "agent.runner",
    "agent.queues",
    "agent.turn",
    "agent.request",
    "agent.steering",
    "agent.context.room",
    "agent.step",
    "agent.repeats",
    "agent.context.replies",
    "agent.longest",
    "agent.fallback",
    "providers",
]
"""No name twice. Whoever adds a station says here where it lies."""


class Walk:
    """Writes down the stations that are entered."""

    def __init__(self, is_end: Callable[[FrameType], bool]) -> None:
        self.stations: list[str] = []
        self.ended = False
        self._is_end = is_end
        self._seen: dict[int, FrameType] = {}
        self._handed = {"App.receive"}
        """Functions that a task group was given on the way; the way begins in `App.receive`."""

    def __call__(self, now: FrameType, event: str, argument: Any) -> None:
        if event != "call" or self.ended or id(now) in self._seen:
            return
        self._seen[id(now)] = now
        if not self._is_on_the_way(now):
            return  # other tasks of the daemon
        if now.f_code.co_name == "start_soon" and _station(now.f_back):
            self._handed.add(getattr(now.f_locals["func"], "__qualname__", ""))
        station, caller = _station(now), _caller(now)
        if self._is_end(now):
            self.stations.append(PROVIDERS)
            self.ended = True
        elif station and caller != station and not _is_aside(now) and (caller or not self.stations):
            self.stations.append(station)

    def _is_on_the_way(self, now: FrameType) -> bool:
        """Whether the outermost function of ours is one that was handed over."""
        outermost, back = None, now
        while back is not None:
            outermost, back = (back if _module(back) else outermost), back.f_back
        return outermost is not None and outermost.f_code.co_qualname in self._handed

    def stays(self) -> list[str]:
        """The stations, each as often as it was entered after another one."""
        return [one for one, before in zip(self.stations, ["", *self.stations], strict=False) if one != before]


def _module(now: FrameType | None) -> str | None:
    """A frame's module, without "chatls."; None if it is none of ours."""
    if now is None:
        return None
    path = Path(now.f_code.co_filename)
    if not path.is_relative_to(SERVER):
        return None
    return ".".join(path.relative_to(SERVER).with_suffix("").parts[1:]).removesuffix(".__init__")


def _station(now: FrameType | None) -> str | None:
    module = _module(now)
    if module is None or now is None or now.f_code.co_name == "<module>":
        return None
    if module.startswith(f"{STORE}."):
        return STORE
    return None if _is_value(module) or module in UP or module.startswith(PROVIDERS) else module


def _is_value(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in VALUES)


def _caller(now: FrameType) -> str | None:
    """The module of ours that called, through whatever is not ours."""
    back = now.f_back
    while back is not None and ((module := _module(back)) is None or _is_value(module)):
        back = back.f_back
    return _station(back)


def _is_aside(now: FrameType) -> bool:
    back = now.f_back
    while back is not None:
        if _module(back) in {*UP, PORT} or back.f_code.co_name in HEARING:
            return True
        back = back.f_back
    return _module(now) == PORT or now.f_code.co_name in HEARING


async def test_a_prompt_enters_each_module_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"replies": [[{"text": "Hi."}]], "chunkDelay": 0}))
    options = {"model": "play/script", "providers": {"play": {"kind": "scripted", "script": str(script)}}}
    params = {
        "capabilities": {"experimental": {"chat": {"permission": True}}},
        "workspaceFolders": [{"uri": tmp_path.as_uri(), "name": "ws"}],
        "initializationOptions": options,
    }
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    answers = FrameReader()

    async def answered(request_id: int) -> None:
        while True:
            await anyio.wait_readable(reading)
            for body in answers.feed(os.read(reading, 65536)):
                assert isinstance(body, bytes)
                message = json.loads(body)
                if message.get("id") == request_id:
                    assert message["result"]["stopReason"] == "end_turn"
                    return

    def prompt(request_id: int) -> bytes:
        asked = {"content": "go", "partialResultToken": request_id, "workDoneToken": f"w{request_id}"}
        message = {"jsonrpc": "2.0", "id": request_id, "method": "chat/prompt", "params": asked}
        return frame(json.dumps(message).encode())

    walk = Walk(lambda now: now.f_code.co_name == "stream" and (_module(now) or "").startswith(PROVIDERS))
    with fail_after(60):
        async with create_task_group() as tasks:
            hello = Hello(params, "utf-16", FrameReader(), [])
            app = App(tasks, Outbox(Output(writing, asyncio.get_running_loop()), frame), hello, Log(""))
            app.begin()
            app.receive(prompt(1))
            await answered(1)
            sys.setprofile(walk)
            try:
                app.receive(prompt(2))
                await answered(2)
            finally:
                sys.setprofile(None)
            tasks.cancel_scope.cancel()
    os.close(reading)
    assert len(set(WAY)) == len(WAY)
    assert walk.stays() == WAY, " ".join(walk.stays())
