"""What attacks share: a model that was talked into mischief, and a person who answers its questions.

The numbers A1, A2, ... are those of our list of attacks. Each file of this folder tells the ones that it shows to fail,
in its docstring and at its tests; the missing numbers are of parts that chatls does not have.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from tests.daemon.raw import WITH_TOOLS, Daemon, Json, Turn

_MOMENT = 0.0005
"""Seconds for which a swapped folder stays what it is: long enough to be met, too short to be looked at twice."""
_numbers = count()

DONE: list[Json] = [{"text": "done"}]
ALLOW_ALL: list[Json] = [{"tool": "*", "action": "allow"}]
"""The most careless rule that a person can have."""


def call(name: str, **arguments: Any) -> Json:
    return {"toolCall": {"name": name, "arguments": arguments}}


def read(path: str, **more: Any) -> Json:
    return call("read_file", path=path, **more)


def write(path: str, content: str = "evil\n") -> Json:
    return call("write_file", path=path, content=content)


def edit(path: str, old: str, new: str = "evil") -> Json:
    return call("edit_file", path=path, edits=[{"old_text": old, "new_text": new}])


def run(command: str | list[str], **more: Any) -> Json:
    return call("run_command", command=command, **more)


@dataclass
class Played:
    """A turn that has ended."""

    turn: Turn
    questions: list[Json]
    """What was asked, in order: the params."""

    @property
    def statuses(self) -> list[str]:
        """Of the calls, in the order in which the model began them."""
        began = [event["toolCallId"] for event in self.turn.events if event["kind"] == "toolCallStart"]
        return [self.turn.event("toolRunEnd", toolCallId=name)["status"] for name in began]

    @property
    def words(self) -> list[str]:
        """What the model was told of each call."""
        return [self.turn.said(number) for number in range(len(self.statuses))]

    @property
    def text(self) -> str:
        """All that the client and the model were told."""
        return repr(self.turn.events) + repr(self.questions)


def play(
    daemon: Daemon, *calls: Json, answer: str = "reject_once", before: tuple[Json, ...] = (), **more: Any
) -> Played:
    """Let the model make these calls in one reply (behind another with `before`); all questions get the same answer."""
    replies = [list(calls), DONE] if not before else [list(before), list(calls), DONE]
    turn = daemon.prompt(*replies, chars=100_000, **more)
    asked = list[Json]()
    seen, at = set[Any](), len(daemon.log)
    while True:
        for message in daemon.log[at:]:
            at += 1
            if message.get("method") == "chat/requestPermission" and message["id"] not in seen:
                seen.add(message["id"])
                asked.append(message["params"])
                daemon.choose(message, answer)
            if message.get("id") == turn.id and "method" not in message:
                assert message["result"]["stopReason"] == "end_turn", message
                return Played(turn, asked)
        daemon.read()


def shown(question: Json) -> str:
    """All that a person reads of a question."""
    texts = [question["title"], *(option["label"] for option in question["options"])]
    for item in question["preview"]:
        texts += [str(value) for name, value in item.items() if name != "type"]
    return "\n".join(texts)


def lasting(question: Json) -> bool:
    """Whether an answer is offered that allows more than exactly this line, or what the sandbox holds."""
    lasts = (one for one in question["options"] if one["kind"] == "allow_always" and one["id"] != "allow_inside")
    return any(not option["covers"].startswith("exactly `") for option in lasts)


def program(path: Path, marker: Path) -> Path:
    """Something executable that leaves a mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{marker}'\ncat >/dev/null 2>&1\n")
    path.chmod(0o755)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder with what is in them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


class Battlefield:
    """A daemon whose client asks and applies edits, a root beside folders that nobody opened, and what holds of all
    tests: nothing beside the root changes."""

    def __init__(
        self, folder: Path, *, root: str = "ws", rules: list[Json] | None = None, sandbox: str = "", **variables: str
    ) -> None:
        """`sandbox`: as in the settings, unless a test sets it itself."""
        self.folder = folder
        self.root = folder / root
        self.root.mkdir(parents=True, exist_ok=True)
        self.outside = folder / "outside"
        self.outside.mkdir(exist_ok=True)
        (self.outside / "secret.txt").write_text("SECRET of another folder\n")
        self.marker = folder / "marker"
        """Made by whatever runs that must not."""
        self.daemon = Daemon(folder, WITH_TOOLS, variables=variables)
        self.daemon.rules = rules or []
        self.daemon.sandbox = sandbox
        self.daemon.initialize({}, permission=True, diagnostics=False, edits=True, roots=[self.root])

    def put(self, name: str, text: str = "one\ntwo\n") -> Path:
        """A file in the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def link(self, name: str, target: Path | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return path

    def check(self) -> None:
        """Nothing was changed outside, nothing ran, nothing of it was told."""
        found, ran = tree(self.outside), self.marker.read_text() if self.marker.exists() else ""
        for path in (self.marker, *(self.outside / name for name in found)):
            path.unlink(missing_ok=True)
        (self.outside / "secret.txt").write_text("SECRET of another folder\n")
        try:
            assert found == {"secret.txt": b"SECRET of another folder\n"}
            assert not ran
            self.daemon.settle()
            assert "SECRET of" not in repr(self.daemon.log)
        finally:  # the next test's daemon is none the worse
            self.daemon.begin_anew()
            self.daemon.pardon()

    def close(self) -> None:
        assert self.daemon.leave() == 0
        self.daemon.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.kill()


@contextmanager
def swapping(place: Path, target: Path) -> Generator[None]:
    """Meanwhile a folder is again and again a link to another one, and itself again."""
    aside, stop, turns = place.with_name(f"{place.name}-aside"), Event(), [0]

    def swap() -> None:
        while not stop.is_set():
            turns[0] += 1
            place.rename(aside)
            _insist(lambda: place.symlink_to(target), place, turns[0])
            stop.wait(_MOMENT)
            place.unlink()
            _insist(lambda: aside.rename(place), place, turns[0])
            stop.wait(_MOMENT)

    thread = Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert turns[0] > 10
    assert place.is_dir()


def _insist(do: Callable[[], object], place: Path, number: int) -> None:
    """Also where somebody made a folder at the place meanwhile: it is put aside."""
    while True:
        try:
            do()
        except OSError:
            place.rename(place.with_name(f"{place.name}-made-{number}-{next(_numbers)}"))
        else:
            return
