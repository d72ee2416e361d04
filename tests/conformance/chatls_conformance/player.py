"""Plays scenes with a daemon, and says which rules did not hold."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from chatls_conformance.framing import FramingError, Json
from chatls_conformance.matching import Names
from chatls_conformance.models import Models
from chatls_conformance.notation import Line, Scene, Talk
from chatls_conformance.pipe import KEY_VARIABLE, GoneError, Pipe, Said, Tap
from chatls_conformance.standing import key, standing_problems

ALIVE: Json = {"method": "$/alive", "params": {}}
"""A request that no daemon knows: its answer comes behind all that was due before."""

STARTING = 20.0
"""Seconds that a daemon may take to be there."""

_UNTIMED = 1.0
"""Seconds that are waited for an event whose turn is over, or an answer to nothing."""


class MisfitError(Exception):
    """A line of a scene does not hold."""

    def __init__(self, line: Line, why: str) -> None:
        super().__init__(f"line {line.number}: {why}")


@dataclass
class Outcome:
    """What came of a scene."""

    broken: dict[str, str] = field(default_factory=dict[str, str])
    """By rule: what was wrong."""
    failed: str = ""
    """Why it was not played to its end."""
    why_not: str = ""
    """Why it was not played."""


@dataclass
class Conversation:
    """One scene as it is played: what was said, and what of it was looked at."""

    names: Names
    said: list[Said] = field(default_factory=list[Said])
    taken: set[int] = field(default_factory=set[int])
    cursors: dict[str, int] = field(default_factory=dict[str, int])
    counter: int = 0


@dataclass(frozen=True)
class Times:
    """How long is waited."""

    patience: float = 15.0
    """Seconds for what has no time of its own."""
    pace: float = 1.0
    """What the times of conversations are multiplied with."""


class Player:
    """Plays the scenes of one file, all with one daemon, which is started anew where a scene ended it."""

    def __init__(self, command: Sequence[str], talk: Talk, folder: Path, times: Times, tap: Tap | None = None) -> None:
        self.tap = tap
        self._times = times
        self._command = command
        self._talk = talk
        self._models = Models()
        self._folder = folder.resolve()
        self._root = self._folder / "root"
        self._pipe: Pipe | None = None
        self._sleeper: subprocess.Popen[bytes] | None = None
        self._offers: Json = {}
        self._now = Conversation(Names({}))
        self._root.mkdir(parents=True)
        self._do_all(talk.before)

    def close(self) -> None:
        """End the daemon, and all that was started."""
        if self._pipe:
            self._pipe.end()
            self._pipe = None
        if self._sleeper:
            self._sleeper.kill()
            self._sleeper.wait()
            self._sleeper = None

    def leave(self) -> None:
        """End the model server, too."""
        self.close()
        self._models.close()

    # Scenes

    def play(self, scene: Scene) -> Outcome:
        """Play one. What is broken are its rules; or some that stand for all scenes, and then only those."""
        self._models.forget()
        self._now = Conversation(Names(self._given()))
        outcome, failed = Outcome(), ""
        try:
            self._ready()
            if lacking := [need for need in self._talk.needs if self._offers.get(need) is not True]:
                return Outcome(why_not=f"the daemon does not say `experimental.chat.{lacking[0]}`")
            self._do_all(scene.lines)
            self._settle()
        except (MisfitError, TimeoutError) as error:
            failed = str(error) or "an answer did not come in time"
            self._recover()
        except FramingError as error:
            self.close()
            return Outcome({"frame.only": str(error)}, failed=str(error))
        except GoneError:
            failed = f"the daemon has left; its log ends: {self._log()[-300:]}"
            self.close()
        outcome.failed = failed
        outcome.broken |= standing_problems(self._now.said)
        if failed and not outcome.broken:
            outcome.broken = dict.fromkeys(scene.rules, f"{scene.file} {failed}")
        if self._talk.alone:
            self.close()
        return outcome

    def _log(self) -> str:
        return self._pipe.stderr if self._pipe else ""

    def _given(self) -> Json:
        given: Json = {
            "root": self._root.as_uri(),
            "folder": str(self._folder),
            "rootPath": str(self._root),
            "python": sys.executable,
            "forms": str(Path(__file__).with_name("forms.py")),
            "models": self._models.url,
            "sleeper": self._sleeper.pid if self._sleeper else 0,
            "self": os.getpid(),
        }
        return given

    def _ready(self) -> None:
        """Have a daemon, greeted if the scenes do not do that themselves."""
        if self._pipe and self._pipe.process.poll() is not None:
            self.close()
        if self._pipe:
            return
        self._pipe = Pipe(self._command, self._folder, self._tapped)
        if self._talk.alone:
            return
        self._send({"id": "hello", "method": "initialize", "params": self._greeting()})
        answer = self._wait(
            Line(0, "<--", values=({"id": "hello", "result": "<object>"},), within=STARTING / self._times.pace)
        )
        chat: Any = answer["result"].get("capabilities", {}).get("experimental", {}).get("chat")
        self._offers = chat if isinstance(chat, dict) else {}
        self._send({"method": "initialized", "params": {}})
        self._barrier(STARTING)

    def _tapped(self, by: str, message: Json) -> list[tuple[str, Json | bytes]]:
        return self.tap(by, message) if self.tap else [("daemon" if by == "client" else "client", message)]

    def _greeting(self) -> Json:
        provider = {"kind": "openai_chat", "baseUrl": self._models.url, "apiKeyEnv": KEY_VARIABLE}
        own: Json = self._now.names.filled(self._talk.settings)
        providers: Json = {"kit": provider, **own.get("providers", {})}
        settings: Json = {"model": "kit/plain", **own, "providers": providers}
        return {
            "processId": os.getpid(),
            "capabilities": self._talk.capabilities,
            "workspaceFolders": [{"uri": self._root.as_uri(), "name": "root"}],
            "initializationOptions": settings,
        }

    def _settle(self) -> None:
        """Wait for all answers that are due; what still runs is cancelled."""
        if self._pipe is None or self._pipe.process.poll() is not None:
            return
        if self._open():
            self._send(
                {"id": "enough", "method": "workspace/executeCommand", "params": {"command": "chatls.cancelAll"}}
            )
        deadline = time.monotonic() + self._times.patience
        while self._open() and time.monotonic() < deadline:
            self._hear(deadline)
        if not self._talk.alone:
            self._barrier()

    def _recover(self) -> None:
        try:
            self._settle()
        except (MisfitError, TimeoutError, FramingError, GoneError):
            self.close()

    def _barrier(self, seconds: float = 0) -> None:
        """Hear all that is on its way."""
        self._now.counter += 1
        name = f"alive-{self._now.counter}"
        self._send({"id": name, **ALIVE})
        deadline = time.monotonic() + max(self._times.patience, seconds)
        while name in self._open_names():
            self._hear(deadline)

    # Talking

    def _do_all(self, lines: Sequence[Line]) -> None:
        for line in lines:
            verb = _VERBS.get(line.verb)
            if verb is None:
                raise ValueError(f"{self._talk.name}:{line.number}: no such verb: {line.verb}")
            verb(self, line)

    @property
    def _daemon(self) -> Pipe:
        assert self._pipe
        return self._pipe

    def _send(self, message: Json) -> None:
        self._now.said.append(Said("client", {"jsonrpc": "2.0", **message}, time.monotonic()))
        self._daemon.send(message)

    def _hear(self, deadline: float) -> None:
        self._now.said.append(self._daemon.next(deadline - time.monotonic()))

    def _open_names(self) -> set[str]:
        """Requests of the client's that are not answered."""
        asked: dict[str, str] = {}
        for item in self._now.said:
            name = item.message.get("id")
            if item.by == "client" and isinstance(name, str | int) and name is not True and "method" in item.message:
                asked[key(name)] = str(name)
            elif item.by == "daemon" and "method" not in item.message:
                asked.pop(key(name), None)
        return set(asked.values())

    def _open(self) -> bool:
        return bool(self._open_names())

    def _wait(self, line: Line) -> Json:
        """The first message that fits and was not looked at: of one token in their order, of all else in any."""
        token = line.words[0] if line.words else None
        pattern = line.values[0]
        if token is not None:
            pattern = {"method": "$/progress", "params": {"token": "<any>", "value": pattern}}
        deadline = time.monotonic() + self._time(line)
        nearest = ""
        at = self._now.cursors.get(token or "", 0)
        while True:
            while at < len(self._now.said):
                item = self._now.said[at]
                at += 1
                if item.by == "client" or at - 1 in self._now.taken or not _of(token, item.message):
                    continue
                if (why := self._now.names.misfit(pattern, item.message)) is None:
                    self._take(token, at)
                    return item.message
                if _meant(pattern, item.message):
                    raise MisfitError(line, why)
                nearest = _nearer(nearest, why, pattern, item.message)
            self._more(line, pattern, deadline, nearest)

    def _time(self, line: Line) -> float:
        return self._times.patience if line.within is None else line.within * self._times.pace

    def _take(self, token: str | None, at: int) -> None:
        self._now.taken.add(at - 1)
        if token is not None:
            self._now.cursors[token] = at

    def _more(self, line: Line, pattern: Json, deadline: float, nearest: str) -> None:
        """Hear one more message; fail at once where none is to be expected."""
        patient = pattern.get("id") is None and pattern.get("method") != "$/progress"
        if not patient and not self._open():
            deadline = min(deadline, time.monotonic() + _UNTIMED)
        try:
            self._hear(deadline)
        except TimeoutError:
            said = f"; what came: {nearest}" if nearest else ""
            raise MisfitError(line, f"nothing came that fits {_brief(pattern)}{said}") from None

    # Verbs

    def do_send(self, line: Line) -> None:
        self._send(self._now.names.filled(line.values[0]))

    def do_write(self, line: Line) -> None:
        for body in _bodies(line.data):
            self._now.said.append(Said("client", body, time.monotonic()))
        self._daemon.write(line.data)

    def do_wait(self, line: Line) -> None:
        self._wait(line)

    def do_never(self, line: Line) -> None:
        self._barrier()
        token = line.words[0] if line.words else None
        for item in self._now.said:
            if item.by == "daemon" and _of(token, item.message) and not _alive(item.message):
                value = item.message if token is None else item.message["params"]["value"]
                if Names(self._now.names.values).misfit(line.values[0], value) is None:
                    raise MisfitError(line, f"{_brief(value)} came")

    def do_kinds(self, line: Line) -> None:
        """The kinds of a token's events, by a regular expression; each is one word, and a blank behind it."""
        values = [item.message["params"]["value"] for item in self._now.said if _of(line.words[0], item.message)]
        kinds = " ".join(value["kind"] for value in values)
        if re.fullmatch(line.values[0], kinds) is None:
            raise MisfitError(line, f"the events are: {kinds}")

    def do_joined(self, line: Line) -> None:
        """The text of a token's chunks."""
        token, *kinds = line.words
        kind = kinds[0] if kinds else "textChunk"
        values = [item.message["params"]["value"] for item in self._now.said if _of(token, item.message)]
        text = "".join(value["text"] for value in values if value["kind"] == kind)
        if why := self._now.names.misfit(line.values[0], text):
            raise MisfitError(line, why)

    def do_answers(self, line: Line) -> None:
        """These requests were answered in this order."""
        heard = (item.message for item in self._now.said if item.by == "daemon")
        answers = [message.get("id") for message in heard if "method" not in message]
        places = [answers.index(name) for name in line.values]
        if places != sorted(places):
            raise MisfitError(line, f"the answers came in the order {answers}")

    def do_model(self, line: Line) -> None:
        self._models.play(line.words[0], [self._now.names.filled(value) for value in line.values])

    def do_asked(self, line: Line) -> None:
        name, number = line.words[0], int(line.words[1])
        request = self._models.asked(name, number, self._times.patience)
        if request is None:
            raise MisfitError(line, f"the model {name} was not asked {number} times")
        if line.values and (why := self._now.names.misfit(line.values[0], request.body)):
            raise MisfitError(line, f"the model was asked otherwise: {why}")

    def do_left(self, line: Line) -> None:
        request = self._models.asked(line.words[0], int(line.words[1]), self._times.patience)
        if request is None or not request.left.wait(self._time(line)):
            raise MisfitError(line, "the connection to the model is still open")

    def do_open(self, line: Line) -> None:
        self._models.open(line.words[0])

    def do_file(self, line: Line) -> None:
        path = self._root / line.words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line.values[0], "utf-8")

    def do_script(self, line: Line) -> None:
        (self._folder / line.words[0]).write_text(key(line.values[0]), "utf-8")

    def do_disk(self, line: Line) -> None:
        path = self._root / line.words[0]
        text = path.read_text("utf-8") if path.exists() else None
        wanted = line.values[0] if line.values else None
        if text != wanted:
            raise MisfitError(line, f"{line.words[0]} holds {_brief(text)}, not {_brief(wanted)}")

    def do_end(self, line: Line) -> None:
        self._daemon.close_input()

    def do_exit(self, line: Line) -> None:
        """The daemon leaves, with this code."""
        began = time.monotonic()
        within = self._time(line)
        try:
            while True:
                self._hear(began + within)
        except (GoneError, TimeoutError):
            pass
        try:
            code = self._daemon.process.wait(max(0.1, began + within - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise MisfitError(line, f"it did not leave within {within} s") from None
        if code != int(line.words[0]):
            raise MisfitError(line, f"the exit code is {code}; its log ends: {self._log()[-300:]}")

    def do_sleeper(self, line: Line) -> None:
        """A process that does nothing: `<sleeper>` is its number."""
        self._sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self._now.names.values["sleeper"] = self._sleeper.pid

    def do_kill(self, line: Line) -> None:
        assert self._sleeper
        self._sleeper.kill()
        self._sleeper.wait()

    def do_gone(self, line: Line) -> None:
        """The process whose number is in a file is no more."""
        number = int((self._root / line.words[0]).read_text("utf-8"))
        deadline = time.monotonic() + self._times.patience
        while _lives(number):
            if time.monotonic() > deadline:
                raise MisfitError(line, f"process {number} is still there")
            time.sleep(0.02)

    def do_exists(self, line: Line) -> None:
        """Wait until a file has content."""
        deadline = time.monotonic() + self._times.patience
        path = self._root / line.words[0]
        while not path.exists() or not path.read_text("utf-8").strip():
            if time.monotonic() > deadline:
                raise MisfitError(line, f"{line.words[0]} was not written")
            time.sleep(0.02)

    def do_pause(self, line: Line) -> None:
        self._daemon.pause()

    def do_resume(self, line: Line) -> None:
        self._daemon.resume()

    def do_sleep(self, line: Line) -> None:
        time.sleep(float(line.words[0]))

    def do_greet(self, line: Line) -> None:
        """`initialize` with these members in place of the usual ones; its id is `hello`."""
        own: Json = self._now.names.filled(line.values[0]) if line.values else {}
        self._send({"id": "hello", "method": "initialize", "params": {**self._greeting(), **own}})

    def do_many(self, line: Line) -> None:
        """The same message NUMBER times; `<n>` in it counts from 1."""
        for number in range(1, int(line.words[0]) + 1):
            self._now.names.values["n"] = number
            self._send(self._now.names.filled(line.values[0]))
        del self._now.names.values["n"]

    def do_barrier(self, line: Line) -> None:
        self._barrier()


_VERBS: dict[str, Callable[[Player, Line], None]] = {
    "-->": Player.do_send,
    "<--": Player.do_wait,
    "write": Player.do_write,
    "never": Player.do_never,
    "kinds": Player.do_kinds,
    "joined": Player.do_joined,
    "answers": Player.do_answers,
    "model": Player.do_model,
    "asked": Player.do_asked,
    "left": Player.do_left,
    "open": Player.do_open,
    "file": Player.do_file,
    "script": Player.do_script,
    "disk": Player.do_disk,
    "end": Player.do_end,
    "exit": Player.do_exit,
    "sleeper": Player.do_sleeper,
    "kill": Player.do_kill,
    "gone": Player.do_gone,
    "exists": Player.do_exists,
    "pause": Player.do_pause,
    "resume": Player.do_resume,
    "sleep": Player.do_sleep,
    "greet": Player.do_greet,
    "many": Player.do_many,
    "barrier": Player.do_barrier,
}


def _of(token: str | None, message: Json) -> bool:
    """It is for a token, or there is none."""
    if token is None:
        return True
    return message.get("method") == "$/progress" and str(message["params"]["token"]) == token


def _meant(pattern: Json, message: Json) -> bool:
    """The pattern is about this very message: an answer by its id."""
    return isinstance(pattern.get("id"), str) and "method" not in message and message.get("id") == pattern["id"]


def _nearer(nearest: str, why: str, pattern: Json, message: Json) -> str:
    """The reason that says most: of the last message of the same method, and of the same kind."""
    if pattern.get("method") != message.get("method"):
        return nearest
    return nearest if nearest and why.startswith("params.value.kind is") else why


def _brief(value: Any) -> str:
    text = key(value)
    return text if len(text) <= 240 else f"{text[:160]} ... {text[-70:]}"


def _alive(message: Json) -> bool:
    """The answer to one of our own barriers."""
    return str(message.get("id")).startswith("alive-")


_BODY = re.compile(rb"content-length: ?(\d+)[^\n]*\n(?:[^\n]+\n)*?\r?\n", re.IGNORECASE)


def _bodies(data: bytes) -> list[Json]:
    """The requests in bytes that were written by hand, as far as they are any."""
    found = [_object(data[match.end() : match.end() + int(match[1])]) for match in _BODY.finditer(data)]
    return [message for message in found if "id" in message]


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("Json", value) if isinstance(value, dict) else {}


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except OSError:
        return False
    state = Path(f"/proc/{number}/stat")
    return not state.exists() or state.read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
