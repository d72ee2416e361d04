"""What must be true after every fault of a tool: one answer, no process left, a sound history, and the session goes on.

That there is one answer, and one end to each call, `Daemon.check` looks after.
"""

from dataclasses import dataclass
from typing import Any

from tests.daemon.processes import wait_until_childless
from tests.daemon.raw import Daemon, Json, Turn
from tests.daemon.service import check_history, finish, text
from tests.support.http_server import ScriptedServer, streamed

DONE: list[Json] = [{"text": "done"}]
LIMITS = 0.3, 3.0, 30.0
"""Seconds in which a command has begun: nearly always, on a busy machine, and however busy it is."""


def call(name: str, **arguments: object) -> Json:
    return {"toolCall": {"name": name, "arguments": arguments}}


def run(command: str | list[str], **more: object) -> Json:
    return call("run_command", command=command, **more)


def read(path: str, **more: object) -> Json:
    return call("read_file", path=path, **more)


def write(path: str, content: str) -> Json:
    return call("write_file", path=path, content=content)


def edit(path: str, old: str, new: str, **more: object) -> Json:
    return call("edit_file", path=path, edits=[{"old_text": old, "new_text": new, **more}])


@dataclass
class Chat:
    """A daemon and a model server, whose requests tell what the daemon remembers."""

    daemon: Daemon
    server: ScriptedServer

    def __post_init__(self) -> None:
        self.server.play(streamed(text("I see"), finish("stop")))
        self.configure()

    def configure(self, **settings: object) -> None:
        """Have these settings; commands that only read are asked about, like all others."""
        provider = {"kind": "openai_chat", "baseUrl": f"{self.server.url}/v1"}
        self.daemon.configure({"providers": {"web": provider}, "commands": {"readers": "ask"}, **settings})

    def prompt(self, *calls: Json, **params: Any) -> Turn:
        """A model that makes these calls in one reply, and no more."""
        return self.daemon.prompt(list(calls), DONE, chars=500, **params)

    def allowed(self, *calls: Json, questions: int = 1, **params: Any) -> Turn:
        """The same, and so many questions are answered with a yes."""
        turn = self.prompt(*calls, **params)
        for _ in range(questions):
            self.daemon.choose(turn.question(), "allow_once")
        return turn

    def timed_out(self, command: str, begun: str = "begun") -> str:
        """What the model is told of a command that is ended for its time once it has begun: on a busy machine it is
        given more."""
        told = ""
        for limit in LIMITS:
            turn = self.allowed(run(command, timeout=limit))
            assert turn.ended()["status"] == "timed_out"
            (told,) = self.told(turn)
            assert told.startswith(f"timed out after {limit:g} s")
            if begun in told:
                break
        assert begun in told
        return told

    def told(self, turn: Turn) -> list[str]:
        """What the model was told of each call of the session, once the turn is over and all that must hold does."""
        assert turn.result()["stopReason"] in ("end_turn", "cancelled")
        wait_until_childless(self.daemon.pid, self.daemon.folder)
        again = self.daemon.prompt(content="go on", sessionId=turn.session_id, model="web/m")
        assert again.result()["stopReason"] == "end_turn"
        assert again.text == "I see"
        messages = self.server.requests[-1].json()["messages"]
        check_history(messages)
        return [message["content"] for message in messages if message["role"] == "tool"]
