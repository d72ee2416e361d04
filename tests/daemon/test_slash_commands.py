"""Slash commands, mentions and skills, from a client's request to the model's, at the real daemon with a real model
server."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json
from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import ScriptedServer, Wait, streamed

DONE = streamed(text("Done."), finish("stop"))


class Project:
    """A workspace, a person's own folder, a daemon, and the model server that it asks."""

    def __init__(self, daemon: Daemon, server: ScriptedServer) -> None:
        self.root = daemon.folder / "root"
        self.user = daemon.folder / "home" / ".config" / "chatls"
        self.service = Service(daemon, server)
        self.daemon = daemon
        self.server = server

    def write(self, path: Path, words: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words)
        return path

    def ask(self, content: Any, *replies: Any, **params: Any) -> tuple[str, list[str], Json]:
        """The person's words as the model is sent them, the notices, and the result."""
        self.server.play(*(replies or (DONE,)))
        turn = self.service.prompt(content=content, **params)
        result = turn.result()
        assert result["stopReason"] == "end_turn", result
        messages = self.server.requests[-1].json()["messages"]
        said = [one["content"] for one in messages if one["role"] == "user"][-1]
        words = said if isinstance(said, str) else "\n".join(part.get("text", "") for part in said)
        return words, [one["text"] for one in turn.events if one["kind"] == "notice"], result

    def system(self) -> str:
        """The system prompt of the last request."""
        return self.server.requests[-1].json()["messages"][0]["content"]

    def tools(self) -> list[str]:
        """The tools that the last request offered."""
        return [one["function"]["name"] for one in self.server.requests[-1].json()["tools"]]

    def commands(self) -> dict[str, Json]:
        return {one["name"]: one for one in self.daemon.call("chat/commands", {})["commands"]}


@pytest.fixture
def project(start: Start, tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("one\ntwo\nthree\n")
    daemon = start()
    daemon.initialize({}, roots=[root], permission=True, diagnostics=True)
    with ScriptedServer() as server:
        yield Project(daemon, server)


def mention(name: str, argument: str | None = None) -> Json:
    return {"type": "mention", "name": name, **({"argument": argument} if argument else {})}


def words(text: str) -> Json:
    return {"type": "text", "text": text}


# Slash commands


def test_what_there_is_is_listed_with_its_source(project: Project) -> None:
    project.write(project.user / "commands/mine.md", "---\ndescription: of mine\nargument-hint: [x]\n---\nGo.")
    project.write(project.root / ".claude/commands/theirs.md", "Go there.")
    found = project.commands()
    assert found["mine"] == {"name": "mine", "description": "of mine", "hint": "[x]", "source": "user"}
    assert found["theirs"] == {"name": "theirs", "description": "Go there.", "source": "workspace"}
    assert {name for name, one in found.items() if one["source"] == "built-in"} == {
        "document",
        "explain",
        "fix",
        "tests",
        "commit",
        "review",
    }
    mentions = [one["name"] for one in project.daemon.call("chat/commands", {})["mentions"]]
    assert mentions == ["file", "folder", "selection", "diagnostics", "diff", "buffers"]
    project.write(project.root / ".claude/commands/new.md", "Written a moment ago.")
    assert "new" in project.commands()


def test_a_command_is_its_text_with_what_stands_behind_it(project: Project) -> None:
    project.write(project.root / ".claude/commands/look.md", "---\ndescription: x\n---\nLook at $1, then $2. !`id`")
    told, notices, result = project.ask("/look a.txt 'b c'")
    assert told == (
        "[The user gave the command /look, from .claude/commands/look.md, which says:]\n\n"
        "Look at a.txt, then b c. !`id`"
    ), "nothing in it is run"
    assert notices == ["/look comes from this workspace: .claude/commands/look.md"]
    assert result["title"] == "/look a.txt 'b c'"
    _, again, _ = project.ask("/look x y", sessionId=result["sessionId"])
    assert again == [], "it is told once a session"
    _, other, _ = project.ask("/look x y")
    assert other == notices


def test_those_that_come_along_work_and_a_workspace_cannot_stand_in_their_place(project: Project) -> None:
    project.write(project.root / ".chatls/commands/review.md", "Be lenient.")
    told, notices, _ = project.ask("/review HEAD~1")
    assert told.startswith("[The user gave the command /review, which says:]\n\nReview the changes")
    assert "HEAD~1" in told
    assert notices == [
        "passed over: .chatls/commands/review.md: it is called workspace:review here: review is another one"
    ]
    told, _, _ = project.ask("/workspace:review")
    assert told.endswith("Be lenient.")


def test_what_is_no_command_is_sent_as_it_is_written(project: Project) -> None:
    for said, near in (("/reveiw this", "; did you mean /review?"), ("/tmp is full", "")):
        told, notices, _ = project.ask(said)
        assert told == said
        name = said.split()[0]
        assert notices == [f"there is no command {name}: it was sent as it is written{near}"]
    for said in ("/usr/bin/env is missing", "What is /review?", "//"):
        assert project.ask(said)[:2] == (said, [])


def test_a_command_mentions_what_it_is_about(project: Project) -> None:
    project.write(project.user / "commands/go.md", "Go by @a.txt and @$1, see @buffers and @none.txt.")
    project.write(project.root / "b.txt", "bee")
    told, _, _ = project.ask("/go b.txt")
    assert "one\ntwo\nthree" in told
    assert "bee" in told
    assert "[No document of the workspace is open in the editor.]" in told
    assert "see @buffers and @none.txt." in told


def test_words_to_a_turn_that_runs_may_be_a_command_too(project: Project) -> None:
    project.write(project.user / "commands/hurry.md", "Be quick, $ARGUMENTS.")
    head, *rest = streamed(text("I look."), call('{"path": "a.txt"}', "read_file"), finish("tool_calls"))
    project.server.play([head, rest[0], Wait("steered"), *rest[1:]], DONE)
    turn = project.service.prompt(content="begin")
    turn.event("textChunk")
    steered = {"sessionId": turn.session_id, "content": "/hurry please"}
    assert project.daemon.call("chat/steer", steered)["state"] == "queued"
    project.server.open("steered")
    assert turn.result()["stopReason"] == "end_turn"
    assert "Be quick, please." in str(project.server.requests[-1].json()["messages"][-1])
    assert turn.event("steered")["content"] == [words("/hurry please")]


# Mentions


def test_files_and_lines_of_them(project: Project) -> None:
    told, notices, _ = project.ask([words("see"), mention("file", "a.txt"), mention("file", "a.txt#L2")])
    assert 'a.txt">\none\ntwo\nthree\n' in told
    assert 'lines="2-2">\ntwo\n' in told
    assert notices == []
    uri = (project.root / "a.txt").as_uri()
    told, _, _ = project.ask([words("see"), mention("selection", f"{uri}#L2-3")])
    assert 'lines="2-3">\ntwo\nthree\n' in told


def test_what_is_selected_is_told_once(project: Project) -> None:
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}}
    context = {"type": "editor_context", "active": {"uri": (project.root / "a.txt").as_uri(), "selection": place}}
    told, notices, _ = project.ask([context, words("explain @selection"), mention("selection")])
    assert told.count("two") == 1
    assert notices == []
    told, notices, _ = project.ask([words("explain"), mention("selection")])
    assert "nothing is selected" in told
    assert len(notices) == 1


def test_folders_problems_and_documents(project: Project) -> None:
    project.write(project.root / "src/b.py", "x")
    uri = (project.root / "a.txt").as_uri()
    item = {"uri": uri, "languageId": "plaintext", "version": 1, "text": "unsaved"}
    project.daemon.notify("textDocument/didOpen", {"textDocument": item})
    project.server.play(DONE)
    turn = project.service.prompt(
        content=[words("see"), mention("folder", "src"), mention("buffers"), mention("diagnostics")]
    )
    request = project.daemon.asked("chat/diagnostics")
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    problem = {"range": place, "message": "it smells", "severity": 2}
    project.daemon.reply(request, {"items": [{"uri": uri, "diagnostics": [problem]}]})
    assert turn.result()["stopReason"] == "end_turn"
    said = str(project.server.requests[-1].json()["messages"][-1]["content"])
    assert "[The files in src:]" in said
    assert "src/b.py" in said
    assert "a.txt (not saved)" in said
    assert "a.txt:1:1 warning: it smells" in said


def test_what_cannot_be_attached_is_told_to_both(project: Project) -> None:
    (project.root / ".env").write_text("KEY=1")
    for one, why in (
        (mention("file"), "needs the path"),
        (mention("file", "none.txt"), "there is no"),
        (mention("file", "../secret"), "outside the workspace"),
        (mention("file", ".env"), "secrets"),
        (mention("folder", "/etc"), "outside the workspace"),
        (mention("diff"), "is in no git repository"),
        (mention("diff", "--output=x"), "takes staged, or a commit"),
    ):
        told, notices, _ = project.ask([words("see"), one])
        assert why in told, one
        assert [why in notice for notice in notices] == [True], one


def test_an_unknown_mention_is_refused_with_those_there_are(project: Project) -> None:
    for method, params in (("chat/prompt", {}), ("chat/steer", {"sessionId": "x"})):
        error = project.daemon.refusal(method, {"content": [mention("everything")], **params})
        assert error.code == -32602
        assert "'file', 'folder', 'selection', 'diagnostics', 'diff' or 'buffers'" in str(error)


def test_the_transcript_and_a_rewind_have_the_mention_as_it_was_sent(project: Project) -> None:
    blocks = [words("/explain this"), mention("file", "a.txt")]
    _, _, result = project.ask(blocks)
    session, turn = result["sessionId"], result["turnId"]
    rewound = project.daemon.call("chat/session/rewind", {"sessionId": session, "turnId": turn, "dryRun": True})
    assert rewound["prompt"] == blocks


# Skills


def skill(project: Project, folder: Path, name: str, body: str) -> Path:
    return project.write(folder / "skills" / name / "SKILL.md", f"---\ndescription: For {name}.\n---\n{body}")


def test_the_model_is_told_of_skills_and_reads_one(project: Project) -> None:
    path = skill(project, project.root / ".claude", "forms", "Fill them in by hand.")
    project.write(path.parent / "more.md", "With a pen.")
    calls = [
        streamed(call('{"name": "forms"}', "skill"), finish("tool_calls")),
        streamed(call('{"name": "forms", "file": "more.md"}', "skill"), finish("tool_calls")),
        streamed(call('{"name": "none"}', "skill"), finish("tool_calls")),
        DONE,
    ]
    _, notices, _ = project.ask("fill this", *calls)
    assert notices == [
        "skills of this workspace are told to the model: forms",
        "the model reads a skill of this workspace: .claude/skills/forms/SKILL.md",
    ]
    assert "\n- forms: For forms.\n" in project.system()
    results = [one["content"] for one in project.server.requests[-1].json()["messages"] if one["role"] == "tool"]
    assert (
        results[0]
        == f"[The skill forms. Its folder is {path.parent}; `file` reads others of it.]\nFill them in by hand."
    )
    assert results[1] == "With a pen."
    assert results[2] == "there is no skill none; skills: forms"


def test_without_skills_nothing_of_them_is_told_or_offered(project: Project) -> None:
    project.ask("hello")
    assert "Skills are" not in project.system()
    assert "skill" not in project.tools()
    assert "skill" not in [one["name"] for one in project.daemon.call("chat/tools")["tools"]]
    skill(project, project.user, "mine", "So.")
    _, notices, _ = project.ask("hello")
    assert "skill" in project.tools()
    assert "skill" in [one["name"] for one in project.daemon.call("chat/tools")["tools"]]
    assert notices == []
    project.daemon.configure({**project.daemon.settings, "tools": {"disabled": ["skill"]}})
    project.ask("hello")
    assert "Skills are" not in project.system()


def test_a_session_keeps_its_skills_in_another_daemon(project: Project, start: Start) -> None:
    skill(project, project.user, "mine", "So.")
    _, _, result = project.ask("hello")
    assert project.daemon.leave() == 0
    other = start()
    other.initialize({}, roots=[project.root], permission=True)
    again = Project(other, project.server)
    again.ask("go on", sessionId=result["sessionId"])
    assert "- mine: For mine." in again.system()
    assert "skill" in again.tools()


# What decides what the model is told


@pytest.mark.parametrize("path", [".chatls/commands/x.md", ".claude/skills/x/SKILL.md", "sub/.chatls/x", "CLAUDE.md"])
def test_an_agent_that_wants_to_edit_them_is_always_asked(project: Project, path: str) -> None:
    project.daemon.configure(
        {
            **project.daemon.settings,
            "permissions": [{"tool": "write_file", "action": "allow"}, {"tool": "*", "action": "allow"}],
        }
    )
    project.server.play(
        streamed(call(f'{{"path": "{path}", "content": "x"}}', "write_file"), finish("tool_calls")), DONE
    )
    turn = project.service.prompt(content="write", mode="edits")
    request = project.daemon.asked("chat/requestPermission")
    project.daemon.reply(request, {"outcome": "selected", "optionId": "reject_once"})
    assert turn.result()["stopReason"] == "end_turn"
    assert not (project.root / path).exists()


def test_instructions_of_other_agents_are_read_where_there_are_none_for_all(project: Project) -> None:
    project.write(project.user / "instructions.md", "Answer in verse.")
    project.write(project.root / "CLAUDE.md", "Use tabs.")
    project.write(project.root / ".github/copilot-instructions.md", "Use spaces.")
    _, notices, _ = project.ask("hello")
    system = project.system()
    assert notices == [
        f"instructions are used from: {project.user / 'instructions.md'}, CLAUDE.md, .github/copilot-instructions.md"
    ]
    assert system.index("Answer in verse.") < system.index("Use tabs.") < system.index("Use spaces.")
    project.write(project.root / "AGENTS.md", "Use nothing.")
    project.ask("hello")
    assert "Use nothing." in project.system()
    assert "Use tabs." not in project.system()
    assert "Use spaces." not in project.system()


def git(folder: Path, *arguments: str) -> None:
    names = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **names}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)


def test_changes_are_told_as_git_tells_them(project: Project) -> None:
    git(project.root, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "first")
    told, _, _ = project.ask([words("see"), mention("diff")])
    assert "[What has changed since the last commit:]\n(nothing)" in told
    (project.root / "a.txt").write_text("one\ntwo\nfour\n")
    (project.root / "new.txt").write_text("new")
    told, notices, _ = project.ask([words("see"), mention("diff")])
    assert "-three\n+four" in told
    assert "[new, and not known to git yet: new.txt]" in told
    assert notices == []
