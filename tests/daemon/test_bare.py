"""Editors without a plugin: what a client with LSP's own requests and nothing else is offered, asked and shown."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.daemon.raw import Daemon, Id, Json
from tests.support.cases import for_each

CODE = "def add(a, b):\n    return a - b\n"
SELECTED = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 16}}
CURSOR = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
PROBLEM = {
    "range": {"start": {"line": 1, "character": 11}, "end": {"line": 1, "character": 16}},
    "message": "add subtracts\nas it should not",
    "severity": 1,
    "source": "lint",
    "code": "L1",
}
EDIT = {
    "toolCall": {"name": "edit_file", "arguments": {"path": "calc.py", "edits": [{"old_text": "-", "new_text": "+"}]}}
}
READ = {"toolCall": {"name": "read_file", "arguments": {"path": "calc.py"}}}
DEEP = json.loads("[" * 500 + "]" * 500)
WRITE_HERE = '_Write below this line, then choose the code action "Send"._'


class Bare:
    """Such a client: it does what it is asked, as far as it can, and keeps what it is shown."""

    def __init__(
        self,
        folder: Path,
        *replies: list[Json],
        shows: bool = True,
        applies: bool = True,
        chooses: bool = True,
        choice: str = "Allow once",
        lazy: bool = True,
        literals: bool = True,
        options: Json | None = None,
        name: str = "vi",
        pace: float = 0,
    ) -> None:
        """`name`: what it calls itself; "Eglot" tells of changes when a person types next."""
        self.root = folder / "ws"
        self.root.mkdir()
        self.code = self.root / "calc.py"
        self.code.write_text(CODE)
        self.daemon = Daemon(folder)
        self.documents: dict[Path, str] = {}
        """What it shows, and what stands in it."""
        self.choice = choice
        self.questions: list[Json] = []
        self.refuses = False
        """It knows no questions, whatever it said."""
        self._at = 0
        model = self.daemon.folder / "script.json"
        model.write_text(_script(*replies, pace=pace))
        settings = {
            "model": "play/demo",
            "providers": {"play": {"kind": "scripted", "script": str(model)}},
            **(options or {}),
        }
        action: Json = {"dataSupport": lazy, "resolveSupport": {"properties": ["edit", *(["command"] if lazy else [])]}}
        if literals:
            action["codeActionLiteralSupport"] = {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}}
        window: Json = {"workDoneProgress": True, "showDocument": {"support": shows}}
        if chooses:
            window["showMessage"] = {"messageActionItem": {"additionalPropertiesSupport": False}}
        capabilities = {
            "experimental": {},
            "window": window,
            "workspace": {"applyEdit": applies},
            "textDocument": {"codeAction": action},
        }
        self._tells_late = name == "Eglot"
        self.hello = self.daemon.initialize(
            settings, roots=[self.root], capabilities=capabilities, clientInfo={"name": name}
        )
        self.open(self.code, CODE)

    def open(self, path: Path, text: str) -> None:
        item = {"uri": path.as_uri(), "languageId": "text", "version": 0, "text": text}
        self.daemon.notify("textDocument/didOpen", {"textDocument": item})

    def write(self, path: Path, text: str, version: int) -> None:
        """Have all of a document that is open be another text."""
        item = {"uri": path.as_uri(), "version": version}
        self.daemon.notify("textDocument/didChange", {"textDocument": item, "contentChanges": [{"text": text}]})

    def actions(self, place: Json = SELECTED, path: Path | None = None, **context: Any) -> list[Json]:
        params = {"textDocument": {"uri": (path or self.code).as_uri()}, "range": place}
        return self.daemon.call("textDocument/codeAction", {**params, "context": {"diagnostics": [], **context}})

    def titles(self, *args: Any, **context: Any) -> list[str]:
        return [item["title"] for item in self.actions(*args, **context)]

    def choose(self, title: str, *args: Any, **context: Any) -> Json:
        """Choose an action as an editor does: have it resolved, and run its command."""
        action = next(item for item in self.actions(*args, **context) if item["title"].startswith(title))
        command = self.daemon.call("codeAction/resolve", action)["command"]
        return self.daemon.call("workspace/executeCommand", {name: command[name] for name in ("command", "arguments")})

    def ask(self, **argument: Any) -> Json:
        return self.daemon.call("workspace/executeCommand", {"command": "chatls.ask", "arguments": [argument]})

    def until(self, wanted: Callable[[], Any]) -> Any:
        """Do as the daemon asks, until something is so; gives it."""
        messages = self._messages()
        while not (found := wanted()):
            self._obey(next(messages))
        return found

    def whole(self, number: int = 1) -> str:
        """Wait for so many answers that are whole; gives what is shown."""
        return self.until(lambda: next((text for text in self.documents.values() if _is_whole(text, number)), ""))

    def _messages(self) -> Iterator[Json]:
        while True:
            if self._at == len(self.daemon.log):
                self.daemon.read()
            self._at += 1
            yield self.daemon.log[self._at - 1]

    def _obey(self, message: Json) -> None:
        match message:
            case {"method": "window/showDocument", "params": {"uri": uri}}:
                path = _path(uri)
                self.documents.setdefault(path, path.read_text())
                self.daemon.reply(message, {"success": True})
            case {"method": "workspace/applyEdit", "params": {"edit": edit}}:
                self.daemon.reply(message, {"applied": self._applied(edit)})
            case {"method": "window/showMessageRequest", "params": question}:
                self.questions.append({**question, "shown": dict(self.documents)})
                if self.refuses:
                    self.daemon.respond(message, error={"code": -32601, "message": "Method not found"})
                else:
                    found = [item for item in question["actions"] if item["title"] == self.choice]
                    self.daemon.reply(message, found[0] if found else None)
            case {"method": "window/workDoneProgress/create"}:
                self.daemon.reply(message, None)
            case _:
                pass

    def _applied(self, edit: Json) -> bool:
        for uri, edits in edit["changes"].items():
            path = _path(uri)
            known = self.documents.get(path, path.read_text())
            for item in edits:
                start, end = (_offset(known, item["range"][name]) for name in ("start", "end"))
                known = known[:start] + item["newText"] + known[end:]
            self.documents[path] = known
            if path == self.code and not self._tells_late:
                self.write(path, known, 1)
        return True


def _is_whole(text: str, number: int) -> bool:
    return text.count("## chatls") >= number and text.rstrip("\n").endswith(WRITE_HERE)


def _path(uri: str) -> Path:
    return Path(unquote(uri.removeprefix("file://")))


def _offset(text: str, place: Json) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: place["line"]])) + place["character"]


def _script(*replies: list[Json], pace: float) -> str:
    return json.dumps({"replies": replies or [[{"text": "It adds."}]], "chunkChars": 4, "chunkDelay": pace})


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Callable[..., Bare]]:
    clients: list[Bare] = []

    def opened(*replies: list[Json], **options: Any) -> Bare:
        clients.append(Bare(tmp_path, *replies, **options))
        return clients[-1]

    yield opened
    for client in clients:
        client.daemon.check()
        client.daemon.kill()


Open = Callable[..., Bare]


# What is offered


def test_an_editor_with_a_plugin_of_ours_gets_none_of_it(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        hello = daemon.initialize({})["capabilities"]
        assert "codeActionProvider" not in hello
        assert hello["executeCommandProvider"]["commands"] == ["chatls.cancel", "chatls.cancelAll"]
        asked: Json = {"textDocument": {"uri": "file:///a"}, "range": CURSOR, "context": {"diagnostics": []}}
        assert daemon.refusal("textDocument/codeAction", asked).code == -32601
        assert daemon.refusal("workspace/executeCommand", {"command": "chatls.ask"}).code == -32602
        assert daemon.leave() == 0


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """One that is offered things, and chooses none."""
    client = Bare(tmp_path_factory.mktemp("still"))
    yield client
    client.daemon.check()
    client.daemon.kill()


WHOLE = ["Explain", "Document", "Write a test", "Ask about this ..."]


@for_each(
    ("place", "context", "titles"),
    [
        (SELECTED, {}, WHOLE),
        (CURSOR, {}, ["Ask about this ..."]),
        (CURSOR, {"diagnostics": [PROBLEM]}, ["Fix: add subtracts", "Ask about this ..."]),
        (SELECTED, {"only": ["quickfix"], "diagnostics": [PROBLEM]}, ["Fix: add subtracts"]),
        (SELECTED, {"only": ["refactor"], "diagnostics": [PROBLEM]}, WHOLE),
        (SELECTED, {"only": ["refactor.chatls.test"]}, ["Write a test"]),
        (SELECTED, {"only": [""]}, WHOLE),
        (SELECTED, {"only": ["source.organizeImports"], "diagnostics": [PROBLEM]}, []),
        (SELECTED, {"only": ["refactor.extract"]}, []),
        (CURSOR, {"triggerKind": 2}, []),
        (CURSOR, {"triggerKind": 2, "diagnostics": [PROBLEM]}, ["Fix: add subtracts"]),
        (SELECTED, {"triggerKind": 2}, WHOLE),
    ],
)
def test_what_is_offered(still: Bare, place: Json, context: Json, titles: list[str]) -> None:
    assert still.titles(place, **context) == titles


def test_actions_say_what_kind_they_are_and_get_their_command_when_one_is_chosen(still: Bare) -> None:
    fix, *others = still.actions(diagnostics=[PROBLEM])
    assert (fix["kind"], fix["diagnostics"][0]["message"]) == ("quickfix", PROBLEM["message"])
    assert {item["kind"].rpartition(".")[0] for item in others} == {"refactor.chatls"}
    assert {item["kind"] for item in (fix, *others)} <= set(
        still.hello["capabilities"]["codeActionProvider"]["codeActionKinds"]
    )
    assert not any("command" in item for item in (fix, *others))
    command = still.daemon.call("codeAction/resolve", fix)["command"]
    assert command["command"] == "chatls.ask"
    assert command["arguments"][0]["text"] == f"{PROBLEM['message']} (lint L1)"


@for_each("options", [{"lazy": False}, {"literals": False}])
def test_an_older_editor_gets_commands_at_once(tmp_path: Path, options: Json) -> None:
    folder = tmp_path / str(options)
    folder.mkdir()
    client = Bare(folder, **options)
    for item in client.actions():
        command = item if options.get("literals") is False else item["command"]
        assert (command["command"], command["arguments"][0]["uri"]) == ("chatls.ask", client.code.as_uri())
    client.daemon.kill()


@for_each(
    ("method", "params"),
    [
        ("textDocument/codeAction", {}),
        ("textDocument/codeAction", {"textDocument": {}, "range": CURSOR, "context": {"diagnostics": []}}),
        ("textDocument/codeAction", {"textDocument": {"uri": "file:///a"}, "range": 7, "context": {"diagnostics": []}}),
        ("codeAction/resolve", {"title": "Mine", "data": {"command": "rm", "argument": {}}}),
        ("codeAction/resolve", {"title": "Mine"}),
        ("codeAction/resolve", {"title": "Mine", "data": {"command": "chatls.ask", "argument": DEEP}}),
        ("workspace/executeCommand", {"command": "chatls.ask", "arguments": [{"what": "dance"}]}),
        (
            "workspace/executeCommand",
            {"command": "chatls.ask", "arguments": [{"what": "send", "uri": "file:///etc/passwd"}]},
        ),
        ("workspace/executeCommand", {"command": "chatls.ask", "arguments": [{"what": "send", "uri": "http://a/b"}]}),
    ],
)
def test_what_makes_no_sense_is_refused(still: Bare, method: str, params: Json) -> None:
    assert still.daemon.refusal(method, params).code == -32602


def test_commands_have_the_suffix_that_the_client_wants(bare: Open) -> None:
    client = bare(options={"commandSuffix": "two"})
    names = ["chatls.cancel.two", "chatls.cancelAll.two", "chatls.ask.two"]
    assert client.hello["capabilities"]["executeCommandProvider"]["commands"] == names
    assert client.choose("Explain")["turnId"]
    client.whole()
    assert client.daemon.call("workspace/executeCommand", {"command": "chatls.cancelAll.two"}) == {"cancelled": 0}
    assert client.daemon.refusal("workspace/executeCommand", {"command": "chatls.cancelAll"}).code == -32602


def test_a_suffix_that_cannot_be_is_told_and_there_is_none(bare: Open) -> None:
    client = bare(options={"commandSuffix": "a b"})
    assert "commandSuffix" in client.daemon.notification("window/showMessage")["message"]
    assert "chatls.ask" in client.hello["capabilities"]["executeCommandProvider"]["commands"]


# Answers


def test_a_command_is_answered_at_once_and_its_answer_grows_in_a_document_of_the_users_alone(bare: Open) -> None:
    client = bare([{"text": "It gives "}, {"text": "the sum.\n\n```py\nadd(1, 2)"}])
    begun = client.choose("Explain")
    assert begun["turnId"].startswith("turn-")
    assert not client.documents
    text = client.whole()
    (path,) = client.documents
    assert path.name == f"{begun['sessionId']}.md"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert text == (
        f"# Explain [calc.py, lines 1-2](<{client.code.as_uri()}#L1-L2>)\n\n## chatls\n\n"
        f"It gives the sum.\n\n```py\nadd(1, 2)\n```\n\n{WRITE_HERE}\n\n"
    )
    turns = client.daemon.call("chat/session/load", {"sessionId": begun["sessionId"]})["turns"]
    assert turns[0]["prompt"] == "/explain calc.py, lines 1-2"


def test_the_turn_goes_on_under_its_progress(bare: Open) -> None:
    client = bare([{"text": "one"}])
    params = {"command": "chatls.ask", "arguments": [{"text": "Count."}], "workDoneToken": "mine"}
    assert client.daemon.call("workspace/executeCommand", params)["turnId"]
    client.whole()
    kinds = [value["kind"] for value in client.daemon.values("mine")]
    assert (kinds[0], kinds[-1]) == ("begin", "end")


def test_an_editor_that_shows_no_documents_is_told_the_first_lines_and_the_path(bare: Open) -> None:
    client = bare([{"text": "It gives the sum."}], shows=False)
    assert client.titles() == ["Explain", "Document", "Write a test"]
    begun = client.choose("Explain")
    told = client.daemon.notification("window/showMessage")["message"]
    path = Path(told.partition(" in ")[2].partition(": ")[0])
    assert path.name == f"{begun['sessionId']}.md"
    assert told.endswith(": It gives the sum.")
    assert path.read_text().endswith(f"It gives the sum.\n\n{WRITE_HERE}\n\n")
    assert client.daemon.refusal("workspace/executeCommand", {"command": "chatls.ask"}).code == -32602


def test_an_editor_that_takes_no_edits_is_shown_the_file_when_it_is_whole(bare: Open) -> None:
    client = bare([{"text": "It gives the sum."}], applies=False)
    client.choose("Explain")
    assert "It gives the sum." in client.whole()


def test_a_turn_that_cannot_begin_is_refused_and_one_that_fails_says_why(bare: Open) -> None:
    client = bare([{"error": {"kind": "overloaded", "text": "too many"}}])
    client.choose("Explain")
    assert "> **It failed:** " in client.whole()
    client.daemon.configure({"model": 7})
    argument = {"command": "chatls.ask", "arguments": [{"text": "Hello?"}]}
    assert client.daemon.refusal("workspace/executeCommand", argument).code == 1007


def test_what_is_not_to_be_kept_is_removed_when_the_daemon_leaves(bare: Open) -> None:
    client = bare([{"text": "It gives the sum."}], options={"sessions": {"keep": False}})
    client.choose("Explain")
    client.whole()
    (path,) = client.documents
    assert path.exists()
    assert client.daemon.leave() == 0
    assert not path.exists()


# Writing


def test_ask_about_this_opens_a_file_to_write_in_and_send_asks_what_stands_there(bare: Open) -> None:
    client = bare([{"text": "Because."}], [{"text": "And so on."}])
    opened = client.choose("Ask about this ...")
    assert opened["turnId"] is None
    path = client.until(lambda: next(iter(client.documents), None))
    assert client.daemon.asked("window/showDocument")["params"]["takeFocus"] is True
    client.open(path, client.documents[path])
    assert client.titles(CURSOR, path) == []

    client.documents[path] += "Why a minus?\n"
    client.write(path, client.documents[path], 1)
    assert client.titles(SELECTED, path) == ["Send"]
    sent = client.choose("Send", CURSOR, path)
    assert sent["sessionId"] == opened["sessionId"] == path.stem
    text = client.whole()
    assert "## You\n\nWhy a minus?\n\n## chatls\n\nBecause.\n" in text
    assert text.count(WRITE_HERE) == 1

    client.documents[path] = f"{text}Go on."
    client.write(path, client.documents[path], 2)
    client.choose("Send", CURSOR, path)
    assert f"Go on.\n\n## chatls\n\nAnd so on.\n\n{WRITE_HERE}" in client.whole(2)
    turns = client.daemon.call("chat/session/load", {"sessionId": path.stem})["turns"]
    assert [turn["prompt"] for turn in turns] == ["Why a minus?", "Go on."]
    client.write(path, client.whole(2), 3)
    assert client.daemon.refusal("workspace/executeCommand", _sending(path)).code == -32602


def _sending(path: Path) -> Json:
    return {"command": "chatls.ask", "arguments": [{"what": "send", "uri": path.as_uri()}]}


def test_what_the_editor_does_not_tell_us_of_is_sent_from_anywhere_once_it_is_saved(bare: Open) -> None:
    client = bare([{"text": "Because."}])
    client.choose("Ask about this ...")
    path = client.until(lambda: next(iter(client.documents), None))
    assert client.titles(CURSOR) == ["Ask about this ..."]
    client.documents[path] += "Why a minus?\n"
    path.write_text(client.documents[path])
    assert client.titles(CURSOR) == ["Ask about this ...", 'Send "Why a minus?"']
    client.choose("Send", CURSOR)
    assert "## You\n\nWhy a minus?\n\n## chatls\n\nBecause.\n" in client.whole()


def test_what_a_person_writes_while_an_answer_grows_stays(bare: Open) -> None:
    client = bare([{"text": "one "}, {"text": "two"}, {"hang": True}])
    client.choose("Explain")
    path = client.until(lambda: next((one for one, text in client.documents.items() if "two" in text), None))
    client.open(path, "mine")
    client.documents[path] = "mine"
    client.daemon.call("workspace/executeCommand", {"command": "chatls.cancel"})
    assert client.whole(0).startswith("mine\n")


# Questions


def test_a_person_is_asked_with_a_message_and_sees_the_change_beside_it(bare: Open) -> None:
    client = bare([READ], [EDIT], [{"text": "It adds."}])
    client.choose("Fix: ", diagnostics=[PROBLEM])
    text = client.whole()
    (question,) = client.questions
    assert question["message"].splitlines()[0].rstrip() == "chatls: edit_file calc.py"
    titles = [item["title"] for item in question["actions"]]
    assert (titles[:2], len(titles)) == (["No", "Allow once"], 5)
    shown = next(text for path, text in question["shown"].items() if path.suffix == ".diff")
    assert "-    return a - b\n+    return a + b" in shown
    assert client.documents[client.code] == CODE.replace("-", "+")
    assert "> add subtracts" in text
    assert "> edit_file calc.py: completed\n\nIt adds.\n" in text
    assert [path for path in next(iter(client.documents)).parent.iterdir() if path.suffix == ".diff"] == []


def test_an_editor_that_tells_of_changes_late_gets_the_next_one_where_it_belongs(bare: Open) -> None:
    more = [{"old_text": "return a + b", "new_text": "\n    return b + a"}]
    again: Json = {"toolCall": {"name": "edit_file", "arguments": {"path": "calc.py", "edits": more}}}
    client = bare([READ], [EDIT], [again], [{"text": "Twice."}], [READ], [{"text": "So."}], name="Eglot", chooses=False)
    client.choose("Fix: ", diagnostics=[PROBLEM])
    assert client.whole().count("> edit_file calc.py: completed") == 2
    now = client.documents[client.code]
    assert now == CODE.replace("return a - b", "\n    return b + a")
    client.write(client.code, f"{now}# typed\n", 7)
    begun = client.ask(text="And now?")
    client.until(lambda: any("So." in text for text in client.documents.values()))
    client.daemon.call("chat/session/load", {"sessionId": begun["sessionId"], "partialResultToken": "told"})
    (read,) = [event for event in client.daemon.values("told") if event["kind"] == "toolRunEnd"]
    assert "# typed" in read["content"][0]["text"]


@for_each(("choice", "status"), [("No", "denied"), ("nothing", "cancelled")])
def test_what_is_not_allowed_is_not_done(tmp_path: Path, choice: str, status: str) -> None:
    folder = tmp_path / choice
    folder.mkdir()
    client = Bare(folder, [READ], [EDIT], [{"text": "As you wish."}], choice=choice)
    client.choose("Fix: ", diagnostics=[PROBLEM])
    assert f"> edit_file calc.py: {status}" in client.whole()
    assert client.code.read_text() == CODE
    client.daemon.kill()


def test_a_command_stands_in_the_message_to_its_last_character(bare: Open) -> None:
    run = {"toolCall": {"name": "run_command", "arguments": {"command": "rm -f one two  three"}}}
    client = bare([run], [{"text": "They are gone."}], choice="No")
    client.ask(text="Remove them.")
    assert "> run_command rm -f one two  three: denied" in client.whole()
    assert "\nrm -f one two  three" in client.questions[0]["message"]


def test_the_change_stands_in_the_message_where_no_document_is_shown(bare: Open) -> None:
    client = bare([READ], [EDIT], [{"text": "It adds."}], shows=False)
    client.choose("Fix: ", diagnostics=[PROBLEM])
    client.until(lambda: client.questions)
    assert "-    return a - b\n+    return a + b" in client.questions[0]["message"]


def test_an_editor_that_cannot_ask_is_offered_what_only_reads_and_the_answer_says_so(bare: Open) -> None:
    client = bare([READ], [EDIT], [{"text": "I cannot."}], chooses=False)
    client.choose("Fix: ", diagnostics=[PROBLEM])
    text = client.whole()
    assert "> edit_file calc.py: failed" in text or "> edit_file: failed" in text
    assert "> This editor cannot ask for permission" in text
    assert client.code.read_text() == CODE


def test_an_editor_that_turns_out_not_to_ask_is_one_that_cannot(bare: Open) -> None:
    client = bare([READ], [EDIT], [{"text": "I cannot."}])
    client.refuses = True
    client.choose("Fix: ", diagnostics=[PROBLEM])
    assert "> This editor cannot ask for permission" in client.whole()


def test_what_such_an_editor_prompts_without_the_command_only_reads(bare: Open) -> None:
    client = bare([READ], [EDIT], [{"text": "I cannot."}])
    assert {tool["readOnly"] for tool in client.daemon.call("chat/tools")["tools"]} == {True}
    client.daemon.call("chat/prompt", {"content": "Fix it."})
    assert (client.questions, client.code.read_text()) == ([], CODE)


# Cancelling


@pytest.mark.parametrize("how", ["action", "command", "progress"])
def test_a_turn_is_cancelled(bare: Open, how: str) -> None:
    client = bare([{"text": "A long poem"}, {"hang": True}])
    begun = client.choose("Explain")
    create = client.until(lambda: _created(client.daemon))
    client.until(lambda: any("A long poem" in text for text in client.documents.values()))
    if how == "action":
        assert client.titles(CURSOR) == ["Ask about this ...", "Cancel: Explain calc.py, lines 1-2"]
        assert client.choose("Cancel", CURSOR) == {"cancelled": 1}
    elif how == "command":
        argument = {"command": "chatls.cancel", "arguments": [{"sessionId": begun["sessionId"]}]}
        assert client.daemon.call("workspace/executeCommand", argument) == {"cancelled": 1}
    else:
        client.daemon.notify("window/workDoneProgress/cancel", {"token": create})
    assert "A long poem\n\n> (cancelled)\n" in client.whole()
    assert client.titles(CURSOR) == ["Ask about this ..."]


def _created(daemon: Daemon) -> Id | None:
    found = (message for message in daemon.log if message.get("method") == "window/workDoneProgress/create")
    return next((message["params"]["token"] for message in found), None)


def test_the_daemon_leaves_while_an_answer_grows(bare: Open) -> None:
    client = bare([{"text": "A long poem"}, {"hang": True}])
    client.choose("Explain")
    client.until(lambda: any("A long poem" in text for text in client.documents.values()))
    assert client.daemon.leave() == 0
