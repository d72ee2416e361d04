"""A model server of OpenAI's kind on a real socket, the daemon that asks it, and what its requests must look like."""

import json
from itertools import pairwise
from typing import Any

from tests.daemon.raw import KEY_VARIABLE, Daemon, Json, Turn
from tests.support.http_server import ScriptedServer

WORK_DONE = "spinner-{}"
"""The work-done token of a turn, from its own token."""


def text(words: str) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": words}}]}


def call(arguments: str, name: str | None = None, index: int = 0) -> Json:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return {
        "choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "id": f"c{index}", "function": function}]}}]
    }


def finish(reason: str) -> Json:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


class Service:
    """A model server of OpenAI's kind and a daemon that asks it."""

    def __init__(self, daemon: Daemon, server: ScriptedServer) -> None:
        self.daemon = daemon
        self.server = server
        provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", "apiKeyEnv": KEY_VARIABLE}
        daemon.configure({"providers": {"web": provider}, "model": "web/m"})

    def prompt(self, **params: Any) -> Turn:
        token = f"t{len(self.daemon.log)}"
        return self.daemon.prompt(token=token, workDoneToken=WORK_DONE.format(token), **params)

    def history(self) -> list[Json]:
        """The messages of the last request, which must be such as every server takes."""
        messages: list[Json] = self.server.requests[-1].json()["messages"]
        check_history(messages)
        return messages


def calls_of(message: Json) -> list[Json]:
    return message.get("tool_calls") or []


def check_history(messages: list[Json]) -> None:
    """Every call has one result right behind its message, every result a call; roles alternate."""
    owed: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            owed.remove(message["tool_call_id"])
            continue
        assert not owed, f"calls without a result: {owed}"
        owed = [call["id"] for call in calls_of(message)]
        assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls_of(message))
        assert message.get("content") or calls_of(message)
    assert not owed
    roles = [message["role"] for message in messages if message["role"] != "tool"]
    assert not any(one == other == "user" for one, other in pairwise(roles))
