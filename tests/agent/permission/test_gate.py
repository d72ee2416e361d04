"""Who permits: rules, answers and what becomes of them, in whole turns."""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint

from chatls.agent.permission.gate import TurnGate
from chatls.agent.permission.grants import Grants
from chatls.agent.permission.permissions import MOST_OPEN, Permissions
from chatls.agent.queues import Queues
from chatls.content import Diff, JsonObject, Location, TextContent
from chatls.editor import Question, Reply, Root
from chatls.errors import ToolError
from chatls.events import Notice, PermissionRequested, PermissionResolved, ToolRunEnd, ToolRunStart, WorkingMode
from chatls.message import ToolSpec
from chatls.providers.delta import Delta
from chatls.settings.config import PermissionRule
from chatls.tools.tool import (
    EVERYTHING,
    CommandSubject,
    Exact,
    FileSubject,
    ForeignSubject,
    Plan,
    Tool,
    ToolContext,
    ToolOutput,
    tool,
)
from tests.agent.fakes import DEADLINE, Beat, Desk, Player, Scene, call, finished

pytestmark = pytest.mark.asyncio


@tool(
    kind="edit",
    read_only=False,
    title=lambda given: f"edit {given['path']}",
    locate=lambda workspace, given: (Location((workspace.roots[0].path / given["path"]).as_uri()),),
    serial=lambda _workspace, given: f"file:{given['path']}",
)
async def edit(context: ToolContext, path: str) -> Plan:
    """Edit."""
    place = context.workspace.resolve(path)
    done = ToolOutput((TextContent(f"edited {path}"),))

    async def carry_out() -> ToolOutput:
        await checkpoint()
        return done

    return Plan(FileSubject(place), (Diff(place.as_uri(), "old", "new\u202e"),), carry_out)


RAN = list[str]()
"""Commands that were run, in order."""
WRITES = list[tuple[Path, str]]()
"""What the command `mytool writes` writes."""


@tool(
    kind="execute",
    read_only=False,
    title=lambda given: f"run {given['command']}",
    serial=lambda _workspace, _given: EVERYTHING,
)
async def run(context: ToolContext, command: str | list[str], cwd: str = ".") -> Plan:
    """Run."""
    folder = context.workspace.resolve(cwd)

    async def carry_out() -> ToolOutput:
        await checkpoint()
        RAN.append(str(command))
        if command == "mytool writes" and WRITES:
            path, text = WRITES[-1]
            path.write_text(text)
        return ToolOutput((TextContent(f"ran {command}"),))

    words = command if isinstance(command, str) else tuple(command)

    def exactly(_exact: Exact) -> Plan:
        return Plan(CommandSubject(words, folder), (TextContent(f"{command}"),), carry_out)

    return Plan(CommandSubject(words, folder), (TextContent(f"{command}"),), carry_out, exactly=exactly)


@tool(
    kind="read",
    locate=lambda workspace, given: (Location((workspace.roots[0].path / given["path"]).as_uri()),),
)
def look(context: ToolContext, path: str) -> str:
    """Look."""
    del context
    return f"looked at {path}"


async def far(context: ToolContext, word: str) -> Plan:
    """Far."""
    del context

    async def carry_out() -> ToolOutput:
        await checkpoint()
        return ToolOutput((TextContent(f"far {word}"),))

    return Plan(ForeignSubject("server"), (TextContent(word),), carry_out)


def checked(arguments: JsonObject) -> JsonObject:
    if not isinstance(arguments.get("word"), str):
        raise ToolError("word: must be a string")
    return arguments


FAR = Tool(
    spec=ToolSpec("server__far", "Far.", {"type": "object", "properties": {"word": {"type": "string"}}}),
    kind="other",
    read_only=False,
    run=far,
    title=lambda given: f"far {given['word']}",
    locate=lambda _workspace, _given: (),
    validate=checked,
    serial=lambda _workspace, _given: None,
)
"""A tool that is not ours: no pydantic model, no file, no command."""

Answer = Callable[[Question], Awaitable[Reply]]


def always(option: str | None, feedback: str = "") -> Answer:
    async def answer(_question: Question) -> Reply:
        await checkpoint()
        return Reply(option, feedback)

    return answer


class House:
    """A folder, programs that are installed, a state folder, and a person."""

    def __init__(self, base: Path) -> None:
        self.base = Path(os.path.realpath(base))
        self.root = self.folder("ws")
        self.state = self.base / "state" / "chatls"
        self.rules: list[PermissionRule] = []
        self.mode: WorkingMode = "ask"
        self.bin = self.folder("bin")
        for name in ("git", "npm", "ls", "id", "mytool", "make", "cat", "head"):
            self.program(self.bin / name)
        self.desk = Desk((Root("ws", self.root),))
        self.permissions = self.daemon()
        self.queues = Queues()

    def daemon(self, path: str | None = None) -> Permissions:
        """The permissions of a daemon that starts now."""
        return Permissions(Grants(self.state), {"PATH": path or str(self.bin)}, lambda _: tuple(self.rules))

    def folder(self, name: str) -> Path:
        path = self.base / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def program(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)

    def scene(self, *calls: list[Delta], session: str = "s", beats: list[Beat] | None = None) -> Scene:
        reply: list[Beat] = [*(delta for one in calls for delta in one), *(beats or ()), finished()]
        scene = Scene(Player(reply, [finished()]), edit, run, look, FAR, editor=self.desk, queues=self.queues)
        scene.gate = TurnGate(self.permissions, self.desk, scene.stage.emit, (session, "turn-1"), mode=self.mode)
        return scene

    async def play(self, *calls: list[Delta], session: str = "s", answer: Answer | str | None = None) -> Scene:
        """One turn with these calls; `answer` is a person's, to every question."""
        self.desk.questions.clear()
        self.desk.answer = always(answer) if isinstance(answer, str) else answer
        scene = self.scene(*calls, session=session)
        assert await scene.play() == "end_turn"
        return scene

    async def runs(self, command: str, *, session: str = "s", **more: Any) -> bool:
        """Whether a command runs without a question; one is answered with no."""
        await self.play(call("c", "run", {"command": command, **more}), session=session, answer="reject_once")
        return not self.desk.questions

    async def edits(self, path: str, *, session: str = "s") -> bool:
        """The same for an edit."""
        await self.play(call("c", "edit", {"path": path}), session=session, answer="reject_once")
        return not self.desk.questions

    def options(self) -> list[str]:
        (question,) = self.desk.questions
        return [option.id for option in question.options]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return House(tmp_path)


def outcomes(scene: Scene) -> dict[str, str]:
    return {event.tool_call_id: event.outcome for event in scene.stage.of(PermissionResolved)}


ALL = ["allow_once", "allow_session", "allow_workspace", "reject_once", "reject_session"]
ONCE = ["allow_once", "reject_once"]


# One question


async def test_a_change_is_asked_for_and_runs_after_the_word(house: House) -> None:
    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_once")
    kinds = [type(event) for event in scene.stage.events if getattr(event, "tool_call_id", "") == "1"][-4:]
    assert kinds == [PermissionRequested, PermissionResolved, ToolRunStart, ToolRunEnd]
    assert outcomes(scene) == {"1": "allow_once"}
    assert [result.text for result in scene.results()] == ["edited a.py"]
    (question,) = house.desk.questions
    assert (question.session_id, question.turn_id, question.tool_call_id) == ("s", "turn-1", "1")
    assert (question.title, question.tool_kind, question.arguments) == ("edit a.py", "edit", {"path": "a.py"})
    assert question.preview == (Diff((house.root / "a.py").as_uri(), "old", "new\\u{202E}"),)
    assert house.options() == ALL


async def test_once_is_for_one_call(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_once")
    assert not await house.edits("a.py")


async def test_a_no_is_denied_with_the_persons_words_and_never_ran(house: House) -> None:
    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer=always("reject_once", " use \ud800b.py "))
    assert (scene.ends(), outcomes(scene)) == ({"1": "denied"}, {"1": "reject_once"})
    (result,) = scene.results()
    assert result.is_error
    assert result.text.startswith("denied by the user")
    assert result.text.endswith("The user says: use \ufffdb.py")
    assert scene.stage.of(ToolRunStart) == []
    assert scene.turn.tally.ran == {}


async def test_a_question_that_is_closed_is_a_cancel(house: House) -> None:
    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer=always(None))
    assert (scene.ends(), outcomes(scene)) == ({"1": "cancelled"}, {"1": "cancelled"})


async def test_an_answer_that_was_not_offered_is_a_no(house: House) -> None:
    for option in ("allow", "", "allow_always", "yes"):
        scene = await house.play(call("1", "edit", {"path": "a.py"}), answer=option)
        assert (scene.ends(), outcomes(scene)) == ({"1": "denied"}, {"1": "reject_once"})
        assert [notice.level for notice in scene.stage.of(Notice)] == ["warning"]
    scene = await house.play(call("1", "run", {"command": "rm -r x"}), answer="allow_session")
    assert scene.ends() == {"1": "denied"}, "nor one that is offered elsewhere"
    assert not await house.runs("rm -r x")


async def test_an_editor_that_cannot_ask_denies(house: House) -> None:
    async def broken(_question: Question) -> Reply:
        raise ToolError("method not found")

    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer=broken)
    assert scene.ends() == {"1": "denied"}
    assert "method not found" in scene.results()[0].text
    house.desk.asks = False
    scene = await house.play(call("1", "edit", {"path": "a.py"}))
    assert scene.ends() == {"1": "denied"}
    assert scene.stage.of(PermissionRequested) == []


async def test_a_plan_that_cannot_be_made_asks_nobody(house: House) -> None:
    scene = await house.play(call("1", "edit", {"path": "../outside"}))
    assert scene.ends() == {"1": "failed"}


async def test_what_only_reads_is_not_asked_for(house: House) -> None:
    scene = await house.play(call("1", "look", {"path": "a.py"}))
    assert scene.ends() == {"1": "completed"}
    assert not house.state.exists()


async def test_cancelling_the_call_or_the_turn_withdraws_the_question(house: House) -> None:
    withdrawn = list[str]()

    async def never(question: Question) -> Reply:
        try:
            await anyio.sleep_forever()
        finally:
            withdrawn.append(question.tool_call_id)
        raise AssertionError

    for whole in (False, True):
        house.desk.answer = never
        scene = house.scene(call("1", "edit", {"path": "a.py"}))
        async with create_task_group() as tasks:

            async def cancel(scene: Scene = scene, *, whole: bool = whole) -> None:
                await scene.stage.until_event(PermissionRequested)
                await anyio.wait_all_tasks_blocked()
                if whole:
                    scene.scope.cancel()
                else:
                    scene.cancel_call("1")

            tasks.start_soon(cancel)
            assert await scene.play() == ("cancelled" if whole else "end_turn")
        assert (scene.ends(), outcomes(scene)) == ({"1": "cancelled"}, {"1": "cancelled"})
    assert withdrawn == ["1", "1"]


async def test_while_one_call_waits_for_a_word_others_run_and_ask(house: House) -> None:
    let = anyio.Event()

    async def later(_question: Question) -> Reply:
        await let.wait()
        return Reply("allow_once")

    house.desk.answer = later
    scene = house.scene(
        call("1", "edit", {"path": "a"}), call("2", "edit", {"path": "b"}), call("3", "look", {"path": "c"})
    )
    scene.limits = scene.limits.model_copy(update={"concurrent_tools": 1, "tool_timeout": 0.05})
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(PermissionRequested, "1")
        await scene.stage.until_event(PermissionRequested, "2")
        await scene.stage.until_event(ToolRunEnd, "3")
        let.set()
    assert scene.ends() == {"1": "completed", "2": "completed", "3": "completed"}


# Answers that last


async def test_for_the_session_means_in_this_session(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_session")
    assert await house.edits("b/c.py")
    assert not await house.edits("b/c.py", session="other")
    assert not await house.runs("npm test")
    assert not house.state.exists()


async def test_for_the_workspace_means_in_all_sessions_and_daemons(house: House) -> None:
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_workspace")
    assert await house.runs("npm test 2>&1", session="other")
    house.permissions = house.daemon()
    assert await house.runs("npm test && npm test 2>&1")
    assert not await house.runs("npm run x")


async def test_a_grant_does_not_apply_in_another_workspace_nor_can_a_workspace_bring_one(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_workspace")
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_workspace")
    file = house.state / "permissions.json"
    other = house.folder("elsewhere")
    for name in ("permissions.json", ".chatls/permissions.json", "chatls.toml", "config.toml", ".vscode/settings.json"):
        path = other / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(file.read_text().replace(str(house.root), str(other)))
    house.desk.folders = (Root("elsewhere", other),)
    assert not await house.edits("a.py")
    assert not await house.runs("npm test")
    house.desk.folders = (Root("ws", house.root), Root("elsewhere", other))
    assert await house.runs("npm test", cwd="ws")
    assert not await house.runs("npm test", cwd="elsewhere")


async def test_a_no_that_lasts_is_not_asked_again_in_this_session(house: House) -> None:
    scene = await house.play(call("1", "run", {"command": "npm run x"}), answer="reject_session")
    assert outcomes(scene) == {"1": "reject_always"}
    scene = await house.play(call("1", "run", {"command": "ls && npm run x"}))
    assert scene.ends() == {"1": "denied"}
    assert "remembered for this session" in scene.results()[0].text
    assert not await house.runs("npm run x", session="other")


async def test_an_answer_settles_the_questions_that_it_covers(house: House) -> None:
    asked, let, withdrawn = list[str](), anyio.Event(), list[str]()

    async def first_decides(question: Question) -> Reply:
        asked.append(question.tool_call_id)
        if len(asked) == 3:
            let.set()
        if question.tool_call_id == "2":
            await let.wait()
            return Reply("allow_session")
        try:
            await anyio.sleep_forever()
        finally:
            withdrawn.append(question.tool_call_id)
        raise AssertionError

    house.desk.answer = first_decides
    calls = [call(str(number), "edit", {"path": f"{number}.py"}) for number in (1, 2, 3)]
    scene = house.scene(*calls)
    assert await scene.play() == "end_turn"
    assert set(outcomes(scene).values()) == {"allow_always"}
    assert set(scene.ends().values()) == {"completed"}
    assert sorted(withdrawn) == ["1", "3"]


async def test_an_answer_settles_questions_of_other_turns_too_but_not_of_other_sessions(house: House) -> None:
    async def by_path(question: Question) -> Reply:
        if question.arguments["path"] == "decides":
            return Reply("reject_session")
        await anyio.sleep_forever()
        raise AssertionError

    house.desk.answer = by_path
    same = house.scene(call("1", "edit", {"path": "a"}))
    other = house.scene(call("1", "edit", {"path": "b"}), session="other")
    async with create_task_group() as tasks:
        tasks.start_soon(same.play)
        tasks.start_soon(other.play)
        await same.stage.until_event(PermissionRequested)
        await other.stage.until_event(PermissionRequested)
        await anyio.wait_all_tasks_blocked()
        assert await house.scene(call("1", "edit", {"path": "decides"})).play() == "end_turn"
        await same.stage.until_event(ToolRunEnd)
        assert other.stage.of(PermissionResolved) == []
        other.scope.cancel()
    assert (same.ends(), outcomes(same)) == ({"1": "denied"}, {"1": "reject_always"})


async def test_where_it_cannot_be_kept_an_answer_holds_for_the_session_and_says_so(house: House) -> None:
    house.state.parent.mkdir(parents=True)
    house.state.write_text("in the way")
    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_workspace")
    (notice,) = [notice for notice in scene.stage.of(Notice) if "this session only" in notice.text]
    assert notice.level == "warning"
    assert scene.ends() == {"1": "completed"}
    assert await house.edits("b.py")
    assert not await house.edits("b.py", session="other")


async def test_a_damaged_file_is_told_and_asked_again(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_workspace")
    (house.state / "permissions.json").write_text("{")
    assert await house.permissions.listing() == (), "which tells nobody"
    scene = await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_once")
    assert len(house.desk.questions) == 1
    assert ["damaged" in notice.text for notice in scene.stage.of(Notice)] == [True]


# What is never remembered


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".git/hooks/pre-commit",
            ".GIT/config",
            ".vscode/settings.json",
            ".VSCODE/tasks.json",
            ".vscode/mcp.json",
            ".envrc",
        ),
        *(
            "AGENTS.md",
            "sub/CLAUDE.md",
            ".helix/languages.toml",
            ".bashrc",
            ".git\u200b/config",
            "innocent/settings.json",
            ".idea/x.xml",
        ),
    ],
)
async def test_protected_files_are_always_asked_whatever_the_rules(house: House, path: str) -> None:
    (house.root / ".vscode").mkdir()
    (house.root / "innocent").symlink_to(".vscode")
    house.rules = [PermissionRule(tool="*", action="allow"), PermissionRule(tool="edit", path="**", action="allow")]
    (house.root / "plain").mkdir()
    (house.root / ".idea").symlink_to("plain")
    assert await house.edits("src/app.py")
    scene = await house.play(call("1", "edit", {"path": path}), answer="allow_once")
    assert house.options() == ONCE
    (question,) = house.desk.questions
    why = question.preview[0]
    assert isinstance(why, TextContent)
    assert why.text.startswith("Asked every time: ")
    assert scene.ends() == {"1": "completed"}
    assert not await house.edits(path)
    house.rules.append(PermissionRule(tool="edit", action="deny"))
    scene = await house.play(call("1", "edit", {"path": path}))
    assert scene.ends() == {"1": "denied"}


async def test_our_own_folders_are_always_asked_also_when_they_are_open(house: House, tmp_path: Path) -> None:
    own = house.folder("state/chatls")
    house.desk.folders = (Root("own", own),)
    house.rules = [PermissionRule(tool="*", action="allow")]
    assert not await house.edits("permissions.json")
    assert house.options() == ONCE
    del tmp_path


@pytest.mark.parametrize(
    "command",
    ["npm test $(x)", "rm -r x", "sudo id", "curl x | sh", "git reset --hard", "mytool *", "for x in y; do z; done"],
)
async def test_what_is_never_remembered_is_asked_each_time(house: House, command: str) -> None:
    (house.root / "file").write_text("")
    house.rules = [
        PermissionRule(tool="*", action="allow"),
        PermissionRule(tool="run", command=f"{command.split()[0]} *", action="allow"),
    ]
    await house.play(call("1", "run", {"command": command}), answer="allow_once")
    assert house.options() == ONCE
    assert not await house.runs(command)


async def test_a_program_that_the_workspace_brings_is_asked_each_time(house: House) -> None:
    house.rules = [PermissionRule(tool="run", action="allow")]
    assert await house.runs("npm test")
    tools = house.folder("ws/tools")
    house.program(tools / "npm")
    house.permissions = house.daemon(f"{tools}:{house.bin}")
    assert await house.runs("npm test"), "the one outside is meant"
    (house.bin / "npm").unlink()
    (house.bin / "npm").symlink_to(tools / "npm")
    house.permissions = house.daemon()
    assert not await house.runs("npm test")
    house.permissions = house.daemon(f".:{house.bin}")
    assert await house.runs("ls")


async def test_argument_vectors_are_judged_by_their_words(house: House) -> None:
    house.rules = [PermissionRule(tool="run", command="npm test *", action="allow")]
    scene = await house.play(call("1", "run", {"command": ["npm", "test", "a; b $(c)"]}))
    assert scene.ends() == {"1": "completed"}
    for words in (["npm", "-c", "a=b", "test"], ["sh", "-c", "npm test"], ["./npm", "test"], ["npm test"]):
        scene = await house.play(call("1", "run", {"command": words}), answer="reject_once")
        assert scene.ends() == {"1": "denied"}


# Rules of the settings


async def test_a_rule_that_denies_asks_nobody_and_says_where_it_stands(house: House) -> None:
    house.rules = [
        PermissionRule(tool="run", command="git push", action="deny"),
        PermissionRule(tool="*", action="allow"),
    ]
    for command in ("git push", "ls; git push -f", "sh -c 'git push'", "x=$(git push)"):
        scene = await house.play(call("1", "run", {"command": command}))
        assert scene.ends() == {"1": "denied"}
        assert scene.results()[0].text.startswith('denied by the rule deny run "git push" (settings)')
        assert scene.stage.of(PermissionRequested) == []


async def test_a_change_of_the_settings_counts_for_the_next_call_of_a_running_turn(house: House) -> None:
    async def forbid() -> None:
        house.rules.append(PermissionRule(tool="edit", action="deny"))

    house.rules = [PermissionRule(tool="edit", action="allow")]
    calls: list[Beat] = [*call("1", "edit", {"path": "a"}), finished()]
    again: list[Beat] = [forbid, *call("2", "edit", {"path": "a"}), finished()]
    scene = house.scene()
    scene.provider = Player(calls, again, [finished()])
    assert await scene.play() == "end_turn"
    assert scene.ends() == {"1": "completed", "2": "denied"}


async def test_an_ask_that_is_as_narrow_as_an_answer_would_be_offers_none(house: House) -> None:
    house.rules = [PermissionRule(tool="run", command="npm test", action="ask")]
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_once")
    assert house.options() == ["allow_once", "reject_once", "reject_session"]


async def test_reading_can_be_denied_or_asked_for_by_rules(house: House) -> None:
    (house.root / "secrets").mkdir()
    (house.root / "link").symlink_to("secrets")
    house.rules = [
        PermissionRule(tool="look", path="secrets/**", action="deny"),
        PermissionRule(tool="look", path="private/**", action="ask"),
    ]
    paths = ["secrets/a", "Secrets/a", "link/a", "secrets", "src/a", "private/a"]
    calls = [call(path, "look", {"path": path}) for path in paths]
    scene = await house.play(*calls, answer="reject_once")
    statuses = ["denied", "denied", "denied", "denied", "completed", "denied"]
    assert scene.ends() == dict(zip(paths, statuses, strict=True))
    assert [question.tool_call_id for question in house.desk.questions] == ["private/a"]
    scene = await house.play(call("1", "look", {"path": "private/a"}), answer="allow_once")
    assert scene.ends() == {"1": "completed"}


# Listing and taking back


async def test_all_that_holds_is_listed_by_ids_that_stay(house: House) -> None:
    house.rules = [
        PermissionRule(tool="run", command="git push", action="deny"),
        PermissionRule(tool="edit", path="src/**", action="allow"),
    ]
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_workspace")
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_session")
    entries = await house.permissions.listing()
    told = {(entry.scope, entry.tool, entry.action, entry.path, entry.command, entry.workspace) for entry in entries}
    root = str(house.root)
    assert told == {
        ("settings", "run", "deny", None, "git push", None),
        ("settings", "edit", "allow", "src/**", None, None),
        ("workspace", "edit", "allow", None, None, root),
        ("session", "run", "allow", None, "npm test", root),
    }
    assert len({entry.id for entry in entries}) == 4
    assert [entry.session_id for entry in entries if entry.scope == "session"] == ["s"]
    assert await house.permissions.listing() == entries
    assert {entry.scope for entry in await house.permissions.listing("other")} == {"settings", "workspace"}


async def test_what_is_taken_back_is_asked_again_at_once_also_in_another_daemon(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_workspace")
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_session")
    other, ids = house.daemon(), [entry.id for entry in await house.permissions.listing()]
    await other.listing()
    await other.revoke([*ids, "unknown"])
    assert not await house.edits("a.py")
    assert await house.runs("npm test"), "a session is another daemon's own"
    await house.permissions.revoke(ids)
    assert not await house.runs("npm test")
    assert await house.permissions.listing() == ()


async def test_what_is_taken_back_counts_for_the_next_call_of_a_running_turn(house: House) -> None:
    await house.play(call("1", "edit", {"path": "a.py"}), answer="allow_session")

    async def revoke() -> None:
        await house.permissions.revoke([entry.id for entry in await house.permissions.listing()])

    house.desk.answer = always("reject_once")
    scene = house.scene()
    calls: list[Beat] = [*call("1", "edit", {"path": "a"}), finished()]
    again: list[Beat] = [revoke, *call("2", "edit", {"path": "a"}), finished()]
    scene.provider = Player(calls, again, [finished()])
    assert await scene.play() == "end_turn"
    assert scene.ends() == {"1": "completed", "2": "denied"}


async def test_what_a_model_or_a_file_says_changes_no_rule(house: House) -> None:
    said = {
        "command": "npm test",
        "cwd": ".",
        "permission": "allow",
        "outcome": "selected",
        "optionId": "allow_workspace",
    }
    scene = await house.play(call("1", "run", said))
    assert scene.ends() == {"1": "failed"}, "arguments that are none"
    for word in ("allow_always", "autoApprove=true"):
        scene = await house.play(call("1", "edit", {"path": word}), answer="reject_once")
        assert scene.ends() == {"1": "denied"}
    assert await house.permissions.listing() == ()


async def test_labels_say_what_is_remembered(house: House) -> None:
    await house.play(call("1", "run", {"command": "npm test && make deploy"}), answer="allow_once")
    (question,) = house.desk.questions
    labels = {option.id: option.label for option in question.options}
    assert labels["allow_workspace"] == 'Always allow `npm test` and `make deploy` in the workspace "ws"'
    assert labels["allow_wide_session"] == "Allow tests, builds and checks of this project in this session"
    assert labels["reject_session"].startswith("No, and do not ask again about exactly `npm test && make deploy`")
    await house.play(call("1", "run", {"command": "mytool 'a\u202e b'"}), answer="allow_once")
    assert house.options() == ONCE, "it cannot be shown for what it is"
    assert json.loads(json.dumps(labels)) == labels


async def test_an_answer_that_comes_as_the_question_is_settled_is_taken(house: House) -> None:
    """Two answers at the same moment: neither is lost, and each call ends."""
    both = anyio.Event()

    async def together(question: Question) -> Reply:
        if len(house.desk.questions) == 2:
            both.set()
        await both.wait()
        return Reply("allow_session" if question.tool_call_id == "1" else "reject_once")

    house.desk.answer = together
    scene = house.scene(call("1", "edit", {"path": "a"}), call("2", "edit", {"path": "b"}))
    with fail_after(DEADLINE):
        assert await scene.play() == "end_turn"
    assert scene.ends()["1"] == "completed"
    assert scene.ends()["2"] == ("denied" if outcomes(scene)["2"] == "reject_once" else "completed")


# Foreign tools


async def test_a_tool_that_is_not_ours_is_checked_asked_about_and_remembered_by_its_name(house: House) -> None:
    word = {"word": "hi"}
    scene = await house.play(
        call("a", "server__far", {"word": 5}), call("b", "server__far", word), answer="allow_session"
    )
    assert [(result.text, result.is_error) for result in scene.results()] == [
        ("The arguments do not fit: word: must be a string. Correct them and call again.", True),
        ("far hi", False),
    ]
    allowing = ["allow_once", "allow_session", "allow_workspace", "allow_wide_workspace"]
    assert house.options() == [*allowing, "reject_once", "reject_session"]
    await house.play(call("c", "server__far", word))
    assert house.desk.questions == []
    house.rules.append(PermissionRule(tool="server__far", action="deny"))
    assert (await house.play(call("d", "server__far", word))).ends() == {"d": "denied"}


async def test_all_tools_of_a_server_are_answered_for_last_and_their_rule_yields_to_one_that_names_a_tool(
    house: House,
) -> None:
    word = {"word": "hi"}
    await house.play(call("a", "server__far", word), answer="allow_wide_workspace")
    (kept,) = house.permissions.rules("s")
    assert (kept.tool, kept.covers()) == ("server__*", "all tools of server, also those that it may have later")
    await house.play(call("b", "server__far", word))
    assert house.desk.questions == []
    house.permissions = house.daemon()
    assert (await house.play(call("c", "server__far", word))).ends() == {"c": "completed"}, "another daemon knows it"
    house.rules.append(PermissionRule(tool="server__far", action="ask"))
    await house.play(call("d", "server__far", word), answer="reject_once")
    assert len(house.desk.questions) == 1


@pytest.mark.parametrize("tool", ["server__*", "server__far", "*"])
async def test_rules_of_the_settings_mean_a_tool_or_all_of_a_server(house: House, tool: str) -> None:
    house.rules.append(PermissionRule(tool=tool, action="allow"))
    assert (await house.play(call("a", "server__far", {"word": "hi"}))).ends() == {"a": "completed"}
    house.rules.append(PermissionRule(tool="server__*", action="deny"))
    assert (await house.play(call("b", "server__far", {"word": "hi"}))).ends() == {"b": "denied"}


# What is asked once more, how many are asked at once, and what waits for nobody


async def test_what_the_agent_changed_of_what_decides_is_asked_once_more_with_the_diff(house: House) -> None:
    file = house.root / "package.json"
    file.write_text("old\n")
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_workspace")
    assert await house.runs("npm test")
    file.write_text("a person's\n")
    assert await house.runs("npm test"), "what a person changed is not asked about"
    await changed_by_the_agent(house, "package.json", "evil\n")
    await house.play(call("1", "run", {"command": "npm test"}), answer="reject_once")
    (question,) = house.desk.questions
    assert question.changed == "package.json"
    diff = next(item for item in question.preview if isinstance(item, Diff))
    assert (diff.old_text, diff.new_text) == ("a person's\n", "evil\n")
    house.permissions = house.daemon()
    assert not await house.runs("npm test"), "another daemon knows it as well"
    file.write_text("a person's\n")
    assert await house.runs("npm test"), "it is as it was"
    await changed_by_the_agent(house, "package.json", "better\n")
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_workspace")
    assert await house.runs("npm test"), "it was answered anew"


async def test_a_file_that_decides_and_was_not_there_counts_as_changed(house: House) -> None:
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_session")
    await changed_by_the_agent(house, ".npmrc", "script-shell=evil\n")
    assert not await house.runs("npm test")
    (question,) = house.desk.questions
    assert question.changed == ".npmrc"


async def test_the_answer_for_tests_builds_and_checks_covers_what_the_agent_wrote_and_says_so(house: House) -> None:
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_wide_session")
    await changed_by_the_agent(house, "package.json", "new\n")
    assert await house.runs("npm run x && npm test")


async def changed_by_the_agent(house: House, name: str, text: str) -> None:
    """A command that a person allowed once writes a file."""
    WRITES.append((house.root / name, text))
    await house.play(call("w", "run", {"command": "mytool writes"}), answer="allow_once")


async def test_a_seventeenth_question_waits_for_its_place_in_order_and_a_cancel_takes_it_away(house: House) -> None:
    let = {str(number): anyio.Event() for number in range(20)}

    async def later(question: Question) -> Reply:
        await let[question.tool_call_id].wait()
        return Reply("allow_once")

    house.desk.answer = later
    scene = house.scene(*(call(str(number), "edit", {"path": f"{number}.py"}) for number in range(20)))
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(PermissionRequested, str(MOST_OPEN - 1))
        await anyio.wait_all_tasks_blocked()
        assert [event.tool_call_id for event in scene.stage.of(PermissionRequested)] == list(map(str, range(16)))
        scene.cancel_call("17")
        let["3"].set()
        await scene.stage.until_event(PermissionRequested, "16")
        let["5"].set()
        await scene.stage.until_event(PermissionRequested, "18")
        for event in let.values():
            event.set()
    asked = [event.tool_call_id for event in scene.stage.of(PermissionRequested)]
    assert asked == [*map(str, range(17)), "18", "19"]
    assert scene.ends()["17"] == "cancelled"
    assert len(scene.ends()) == 20


async def test_lines_that_only_read_wait_for_nobody_and_all_others_keep_their_order(house: House) -> None:
    async def behind_what_reads(_question: Question) -> Reply:
        while not {"ls", "cat x | head -3"} <= set(RAN):
            await checkpoint()
        return Reply("allow_once")

    house.desk.answer = behind_what_reads
    commands = ["mytool a", "ls", "npm test", "cat x | head -3", "mytool b"]
    scene = house.scene(*(call(str(at), "run", {"command": command}) for at, command in enumerate(commands)))
    RAN.clear()
    with fail_after(DEADLINE):
        assert await scene.play() == "end_turn"
    order = [command for command in RAN if command in ("mytool a", "npm test", "mytool b")]
    assert order == ["mytool a", "npm test", "mytool b"]
    assert [question.arguments["command"] for question in house.desk.questions] == ["mytool a", "npm test", "mytool b"]


async def test_in_plan_nothing_is_asked_and_what_changes_is_denied(house: House) -> None:
    await house.play(call("1", "run", {"command": "npm test"}), answer="allow_session")
    house.mode = "plan"
    calls = [
        call("1", "edit", {"path": "a"}),
        call("2", "run", {"command": "npm test"}),
        call("3", "run", {"command": "ls"}),
    ]
    scene = await house.play(*calls)
    assert scene.ends() == {"1": "denied", "2": "denied", "3": "completed"}
    assert "the mode plan" in scene.results()[0].text


async def test_in_edits_files_are_edited_unasked_but_not_those_that_decide(house: House) -> None:
    house.mode = "edits"
    assert await house.edits("src/a.py")
    for path in ("package.json", ".git/config", "AGENTS.md"):
        assert not await house.edits(path)
    assert not await house.runs("npm test")
