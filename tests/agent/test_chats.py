"""The chat without a wire: a second face, in process and without JSON-RPC, over `agent/chats.py` alone."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import create_task_group, fail_after

from chatls.agent.accepted import Ask, Ended, Means
from chatls.agent.chats import MOST, Chats
from chatls.agent.instructions import Instructions
from chatls.agent.keeping import Keeper
from chatls.agent.permission.grants import Grants
from chatls.agent.permission.permissions import Permissions
from chatls.agent.queues import Queues
from chatls.agent.session import Begin, Sessions
from chatls.agent.surroundings import Surroundings
from chatls.children.commands import Commands
from chatls.content import TextContent
from chatls.editor import Question, Reply, Root
from chatls.errors import RequestError
from chatls.events import Event, Notice, PermissionResolved, Prompt, TextChunk, ToolRunEnd, TurnStart
from chatls.message import AssistantMessage, ToolMessage, UserMessage
from chatls.models import Models
from chatls.settings.configuration import Configuration
from chatls.tools import TOOLS
from chatls.tools.toolbox import Toolbox
from tests.agent.fakes import DEADLINE, Desk, plenty

pytestmark = pytest.mark.asyncio


def calls(name: str, **arguments: Any) -> dict[str, Any]:
    return {"toolCall": {"name": name, "arguments": arguments}}


class Face:
    """A face that keeps what it hears."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *replies: list[dict[str, Any]],
        keeper: Keeper | None = None,
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        self.root = folder / "ws"
        self.root.mkdir()
        script = folder / "script.json"
        script.write_text(json.dumps({"replies": replies, "chunkDelay": 0}))
        self.desk = Desk((Root("ws", self.root),))
        configuration = Configuration()
        providers = {"play": {"kind": "scripted", "script": str(script)}}
        assert configuration.configure("test", {"model": "play/script", "providers": providers}) is None
        self.sessions = Sessions(self.desk, configuration)
        permissions = Permissions(Grants(folder / "state"), os.environ, self.sessions.rules)
        commands = Commands(os.environ, folder / "cache")
        around = Surroundings(commands.environment)
        means = Means(Models({}), permissions, Instructions(folder / "none"), around, Queues(), commands)
        means = replace(means, keeper=keeper or means.keeper)
        self.chats = Chats(self.sessions, Toolbox(TOOLS), means)
        self.heard: list[Event] = []
        self.begun = anyio.Event()

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if isinstance(event, TextChunk):
            self.begun.set()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def ask(self, words: str, where: str | Begin) -> Ended:
        with fail_after(DEADLINE):
            return await self.chats.prompt(where, Ask((TextContent(words),)), self.hear, plenty)


async def test_a_whole_turn_with_tools_and_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = Face(
        tmp_path,
        monkeypatch,
        [{"text": "Let me look."}, calls("list_files"), calls("write_file", path="new.txt", content="hello\n")],
        [{"text": "Written."}],
    )

    async def allow(question: Question) -> Reply:
        assert (question.session_id, question.title) == ("s", "write_file new.txt")
        assert not (face.root / "new.txt").exists()
        return Reply("allow_once")

    face.desk.answer = allow
    ended = await face.ask("write it", Begin("s"))
    assert (ended.session_id, ended.stop_reason, ended.tally.steps) == ("s", "end_turn", 2)
    assert (ended.tally.text, ended.tally.ran) == ("Written.", {"list_files": 1, "write_file": 1})
    assert (face.root / "new.txt").read_text() == "hello\n"
    assert [type(event) for event in face.heard[:2]] == [Prompt, TurnStart]
    assert face.of(Prompt)[0].content == (TextContent("write it"),)
    assert [event.outcome for event in face.of(PermissionResolved)] == ["allow_once"]
    assert [event.status for event in face.of(ToolRunEnd)] == ["completed", "completed"]
    session = face.sessions.find("s")
    assert session is not None
    kept = session.history.messages
    assert [type(message) for message in kept] == [UserMessage, AssistantMessage, ToolMessage, AssistantMessage]
    results = kept[2]
    assert isinstance(results, ToolMessage)
    shown = [item.type for result in results.results for item in result.content]
    assert (shown, results.results[1].status) == (["text", "text", "diff"], "completed")


async def test_a_turn_is_cancelled_and_the_session_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face, ends = Face(tmp_path, monkeypatch, [{"text": "Well"}, {"hang": True}], [{"text": "Again."}]), list[Ended]()

    async def ask() -> None:
        ends.append(await face.ask("go", Begin("s")))

    with fail_after(DEADLINE):
        async with create_task_group() as tasks:
            tasks.start_soon(ask)
            await face.begun.wait()
            with pytest.raises(RequestError, match="a turn is running"):
                await face.ask("more", "s")
            assert face.chats.cancel("s", "another") == "idle"
            assert face.chats.cancel("s", None, "no call") == "not_found"
            assert face.chats.cancel("s") == "cancelling"
        assert (face.chats.cancel("s"), face.chats.cancel("t")) == ("idle", "not_found")
        await face.chats.idle()
    assert [ended.stop_reason for ended in ends] == ["cancelled"]
    assert (await face.ask("again", "s")).stop_reason == "end_turn"


async def test_a_refused_prompt_is_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = Face(
        tmp_path, monkeypatch, [{"text": "Hello."}], [{"text": "I can"}, {"finish": "refusal"}], [{"text": "Yes."}]
    )
    await face.ask("first", Begin("s"))
    assert (await face.ask("second", "s")).stop_reason == "refusal"
    assert [event.text for event in face.of(Notice)] == [
        "The refused prompt, and what came of it, is not sent to the model again."
    ]
    await face.ask("third", "s")
    session = face.sessions.find("s")
    assert session is not None
    said = [message.content[0] for message in session.history.messages if isinstance(message, UserMessage)]
    assert said == [TextContent("first"), TextContent("third")]


async def test_a_prompt_that_is_accepted_is_found_by_a_cancel_before_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = Face(tmp_path, monkeypatch, [{"text": "Never."}])
    accepted = face.chats.accept(Begin("s"), Ask((TextContent("go"),)), plenty)
    assert face.chats.cancel_all() == 1
    assert (await accepted.run(face.hear)).stop_reason == "cancelled"
    assert face.of(TextChunk) == []


async def test_a_refused_prompt_begins_no_session_and_leaves_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = Face(tmp_path, monkeypatch, [{"text": "Hi."}])
    await face.ask("go", Begin("s"))
    wrong = Ask((TextContent("go"),), model="nobody/x")
    for where in ("s", Begin("t")):
        with pytest.raises(RequestError) as refused:
            await face.chats.prompt(where, wrong, face.hear, plenty)
        assert refused.value.code.number == 1005
    session = face.sessions.find("s")
    assert session is not None
    assert (len(session.history.messages), face.sessions.find("t")) == (2, None)


async def test_more_turns_than_may_run_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = Face(tmp_path, monkeypatch, [{"text": "Hi."}])
    ask = Ask((TextContent("go"),))
    accepted = [face.chats.accept(Begin(), ask, plenty) for _ in range(MOST)]
    with pytest.raises(RequestError, match="64 turns are running"):
        face.chats.accept(Begin("s"), ask, plenty)
    assert face.sessions.find("s") is None
    face.chats.cancel_all()
    for one in accepted:
        await one.run()
    assert (await face.ask("go", Begin("s"))).stop_reason == "end_turn"


async def test_who_listens_behind_the_faces_hears_every_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face, heard = Face(tmp_path, monkeypatch, [{"text": "Hi."}]), dict[tuple[str, str], list[Event]]()
    face.chats.listeners = (lambda session, turn_id: heard.setdefault((session.id, turn_id), []).append,)
    ends = [await face.ask("go", Begin(name)) for name in ("a", "b")]
    assert list(heard) == [(ended.session_id, ended.turn_id) for ended in ends]
    assert [event for events in heard.values() for event in events] == face.heard
