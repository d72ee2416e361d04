"""The editor port over LSP, without a process: what is asked of the client, and what odd answers become, too."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.editor import Change, FileOperation, OpenDocument, PermissionOption, Question
from chatls.errors import ToolError
from chatls.lsp import editor
from chatls.lsp.editor import LspEditor
from chatls.lsp.handshake import Hello
from chatls.lsp.rpc import Rpc
from chatls.wire.outbox import Outbox
from chatls.wire.stdio import FrameReader, Output, frame
from chatls.workspace.textedits import Replacement, replacements
from tests.support.positions import offset

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]
URI = "file:///folder/a%20file.py"
ALL: Json = {
    "experimental": {"chat": {"permission": True, "diagnostics": True}},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
}
QUESTION = Question(
    "session",
    "turn",
    "call",
    "edit_file a.py",
    "edit",
    {"start_line": 1},
    (),
    (PermissionOption("1", "Yes", "allow_once"), PermissionOption("2", "No", "reject_once")),
)


class Wire(Output):
    """Takes everything, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.on_room: Callable[[], None] = lambda: None
        self.on_closed: Callable[[], None] = lambda: None
        self.waiting = 0
        self.messages: list[Json] = []
        self._reader = FrameReader()

    def write(self, data: bytes) -> None:
        self.messages += [json.loads(body) for body in self._reader.feed(data) if isinstance(body, bytes)]


class Client:
    """A client that answers as it is told to, and the editor that the daemon makes of it."""

    def __init__(self, capabilities: Any = ALL, encoding: str = "utf-16") -> None:
        self.wire = Wire()
        hello = Hello({"capabilities": capabilities}, encoding, FrameReader(), [])
        self.rpc = Rpc(Outbox(self.wire, frame), hello)
        self.editor = LspEditor(self.rpc, hello)
        self.encoding = encoding

    def say(self, **message: Any) -> None:
        self.rpc.receive(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def open(self, text: str, version: int = 1) -> OpenDocument:
        document = {"uri": URI, "languageId": "x", "version": version, "text": text}
        self.say(method="textDocument/didOpen", params={"textDocument": document})
        return self.document

    @property
    def document(self) -> OpenDocument:
        (document,) = self.editor.open_documents().values()
        return document

    def became(self, text: str) -> None:
        """Say that the document has another text now."""
        document = {"uri": URI, "version": (self.document.version or 0) + 1}
        self.say(method="textDocument/didChange", params={"textDocument": document, "contentChanges": [{"text": text}]})

    async def during(self, work: Callable[[], Awaitable[Any]], *steps: Callable[[Json], None]) -> Any:
        """Do something; at each request that it makes take the next step. Gives the result, or the error that a model
        would read."""
        found: list[Any] = []

        async def worked() -> None:
            try:
                found.append(await work())
            except ToolError as error:
                found.append(error)

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(worked)
                for number, step in enumerate(steps):
                    while len(self.requests) <= number and not found:
                        await anyio.lowlevel.checkpoint()
                    step(self.requests[number])
        return found[0]

    @property
    def requests(self) -> list[Json]:
        return [message for message in self.wire.messages if "id" in message and "method" in message]

    def answers(self, result: Any) -> Callable[[Json], None]:
        return lambda request: self.say(id=request["id"], result=result)

    def refuses(self, words: str) -> Callable[[Json], None]:
        return lambda request: self.say(id=request["id"], error={"code": -32601, "message": words})


async def asked(client: Client, answer: Callable[[Json], None]) -> Any:
    return await client.during(lambda: client.editor.ask_permission(QUESTION), answer)


async def applied(client: Client, change: Change, *steps: Callable[[Json], None]) -> Any:
    return await client.during(lambda: client.editor.apply(change), *steps)


# What a client can do


@pytest.mark.parametrize(
    "capabilities",
    [
        None,
        5,
        [],
        {},
        {"experimental": True},
        {"experimental": {"chat": True}},
        {"experimental": {"chat": {"permission": 1, "diagnostics": "true"}}, "workspace": {"applyEdit": {}}},
    ],
)
async def test_only_what_is_plainly_said_counts_as_a_capability(capabilities: Any) -> None:
    client = Client(capabilities)
    assert not client.editor.asks
    assert not client.editor.diagnoses
    document = client.open("a")
    for work in (
        lambda: client.editor.ask_permission(QUESTION),
        lambda: client.editor.problems(None),
        lambda: client.editor.apply(Change("label", document, "b")),
    ):
        with pytest.raises(ToolError):
            await work()
    assert client.requests == []


async def test_a_client_that_can_do_it_all_is_known_as_one() -> None:
    assert Client().editor.asks
    assert Client().editor.diagnoses


# Permission


async def test_a_question_goes_out_as_the_wire_spells_it_and_its_answer_comes_back() -> None:
    client = Client()
    reply = await asked(client, client.answers({"outcome": "selected", "optionId": "2", "feedback": "  rather not \n"}))
    assert (reply.option_id, reply.feedback) == ("2", "rather not")
    (request,) = client.requests
    assert request["method"] == "chat/requestPermission"
    assert request["params"] == {
        "sessionId": "session",
        "turnId": "turn",
        "toolCallId": "call",
        "title": "edit_file a.py",
        "toolKind": "edit",
        "arguments": {"start_line": 1},
        "preview": [],
        "options": [
            {"id": "1", "label": "Yes", "kind": "allow_once", "scope": "once", "covers": ""},
            {"id": "2", "label": "No", "kind": "reject_once", "scope": "once", "covers": ""},
        ],
        "sandbox": False,
    }


async def test_a_question_that_was_closed_has_no_option() -> None:
    client = Client()
    reply = await asked(client, client.answers({"outcome": "cancelled"}))
    assert reply.option_id is None


async def test_of_endless_feedback_only_the_beginning_counts() -> None:
    client = Client()
    reply = await asked(client, client.answers({"outcome": "selected", "optionId": "1", "feedback": "x" * 10**6}))
    assert len(reply.feedback) == editor.LONGEST_FEEDBACK


@pytest.mark.parametrize(
    "result",
    [
        None,
        True,
        "selected",
        [],
        {},
        {"outcome": "selected"},
        {"outcome": "selected", "optionId": None},
        {"outcome": "selected", "optionId": 1},
        {"outcome": "allowed", "optionId": "1"},
        {"outcome": True, "optionId": "1"},
        {"outcome": "selected", "optionId": "1", "feedback": 5},
        {"optionId": "1"},
    ],
)
async def test_what_is_no_answer_is_no_yes(result: Any) -> None:
    client = Client()
    assert isinstance(await asked(client, client.answers(result)), ToolError)


async def test_a_client_that_refuses_to_ask_is_told_with_its_words() -> None:
    client = Client()
    error = await asked(client, client.refuses("not today"))
    assert isinstance(error, ToolError)
    assert "not today" in str(error)


async def test_a_question_that_is_withdrawn_is_cancelled_at_the_client() -> None:
    client = Client()
    with anyio.move_on_after(0):
        await client.editor.ask_permission(QUESTION)
    request, withdrawn = client.wire.messages
    assert (withdrawn["method"], withdrawn["params"]) == ("$/cancelRequest", {"id": request["id"]})
    client.answers({"outcome": "selected", "optionId": "1"})(request)
    assert len(client.wire.messages) == 2


# Edits


def edited(text: str, request: Json, encoding: str = "utf-16") -> str:
    """What an editor makes of an edit."""
    (change,) = request["params"]["edit"]["documentChanges"]
    places = [
        (*(offset(text, at["line"], at["character"], encoding) for at in edit["range"].values()), edit["newText"])
        for edit in change["edits"]
    ]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


async def test_an_edit_names_label_and_version_and_waits_for_the_new_text() -> None:
    client = Client()
    document = client.open("one\ntwo\nthree\n", version=7)
    new = "ONE\ntwo\nTHREE\n"

    def apply(request: Json) -> None:
        assert edited(document.text, request) == new
        client.answers({"applied": True})(request)
        client.became(edited(document.text, request))

    assert await applied(client, Change("the label", document, new), apply) == new
    (request,) = client.requests
    assert request["params"]["label"] == "the label"
    (change,) = request["params"]["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 7}
    assert [edit["newText"] for edit in change["edits"]] == ["ONE", "THREE"]


@pytest.mark.parametrize("first", ["change", "answer"])
async def test_whichever_comes_first_the_answer_or_the_change_all_is_well(first: str) -> None:
    client = Client()
    document = client.open("a\nb\n")

    def apply(request: Json) -> None:
        steps = [lambda: client.became("A\nb\n"), lambda: client.became("A\nB\n")]
        answer = [lambda: client.answers({"applied": True})(request)]
        for step in steps + answer if first == "change" else answer + steps:
            step()

    assert await applied(client, Change("x", document, "A\nB\n"), apply) == "A\nB\n"


async def test_a_change_that_comes_late_is_waited_for_and_wakes_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "SETTLING", 1000)
    monkeypatch.setattr(editor, "FORMATTING", 1000)
    client = Client()
    document = client.open("a\n")
    done = anyio.Event()

    async def apply() -> None:
        await client.editor.apply(Change("x", document, "b\nc\n"))
        done.set()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(apply)
            while not client.requests:
                await anyio.lowlevel.checkpoint()
            client.answers({"applied": True})(client.requests[0])
            for text in ("b\n", "b\nc\n"):
                await anyio.wait_all_tasks_blocked()
                assert not done.is_set()
                client.became(text)


async def test_an_editor_may_end_lines_in_its_own_way() -> None:
    client = Client()
    document = client.open("a\r\n")

    def apply(request: Json) -> None:
        client.became("b\r\nc\r\n")
        client.answers({"applied": True})(request)

    assert await applied(client, Change("x", document, "b\nc\n"), apply) == "b\nc\n"


async def test_without_versions_edits_come_as_plain_changes() -> None:
    client = Client({"workspace": {"applyEdit": True}})
    document = client.open("a")

    def apply(request: Json) -> None:
        client.became("b")
        client.answers({"applied": True})(request)

    assert await applied(client, Change("x", document, "b"), apply) == "b"
    edit = client.requests[0]["params"]["edit"]
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    assert edit == {"changes": {URI: [{"range": place, "newText": "b"}]}}


async def test_a_change_that_changes_nothing_is_not_sent() -> None:
    client = Client()
    assert await applied(client, Change("x", client.open("a"), "a")) == "a"
    assert client.requests == []


@pytest.mark.parametrize("meanwhile", ["typed", "saved as it was", "closed"])
async def test_a_document_that_is_another_one_by_now_is_left_alone(meanwhile: str) -> None:
    client = Client()
    document = client.open("a")
    if meanwhile == "closed":
        client.say(method="textDocument/didClose", params={"textDocument": {"uri": URI}})
    else:
        client.became("typed" if meanwhile == "typed" else "a")
    error = await applied(client, Change("x", document, "b"))
    assert "read it again" in str(error)
    assert '"a file.py"' in str(error)
    assert client.requests == []


async def test_what_is_typed_while_the_edit_is_worked_out_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    document = client.open("a")

    def slow(old: str, new: str) -> list[Replacement]:
        anyio.from_thread.run_sync(client.became, "typed")
        return replacements(old, new)

    monkeypatch.setattr(editor, "replacements", slow)
    error = await applied(client, Change("x", document, "b"))
    assert "read it again" in str(error)
    assert client.requests == []


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"applied": False, "failureReason": "the version\nis old"}, "the version is old"),
        ({"applied": False}, "read it again"),
        ({"applied": False, "failureReason": 5}, "read it again"),
        ({}, "read it again"),
        (None, "read it again"),
        ({"applied": "yes"}, "read it again"),
    ],
)
async def test_an_edit_that_was_not_applied_is_told_with_the_clients_reason(result: Any, words: str) -> None:
    client = Client()
    error = await applied(client, Change("x", client.open("a"), "b"), client.answers(result))
    assert isinstance(error, ToolError)
    assert words in str(error)


async def test_an_error_is_no_edit_either() -> None:
    client = Client()
    error = await applied(client, Change("x", client.open("a"), "b"), client.refuses("read-only buffer"))
    assert "read-only buffer" in str(error)


@pytest.mark.parametrize("then", [None, "a\nb\ntyped\n"])
async def test_a_client_that_says_applied_and_did_not_is_not_believed(
    then: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neovim answers so where the version is an old one."""
    monkeypatch.setattr(editor, "SETTLING", 0.05)
    client = Client()
    document = client.open("a\nb\nc\n")

    def apply(request: Json) -> None:
        if then is not None:
            client.became(then)
        client.answers({"applied": True})(request)

    error = await applied(client, Change("x", document, "A\nb\nc\n"), apply)
    assert "but it did not" in str(error)


async def test_what_an_editor_makes_of_a_change_is_given_back() -> None:
    client = Client()
    document = client.open("a\nb\nc\n")

    def apply(request: Json) -> None:
        client.became("  A\nb\nc\n# formatted\n")
        client.answers({"applied": True})(request)

    assert await applied(client, Change("x", document, "A\nb\nc\n"), apply) == "  A\nb\nc\n# formatted\n"


# Moving and deleting


async def test_a_client_moves_and_deletes_what_is_open_if_it_says_that_it_can() -> None:
    able: Json = {"documentChanges": True, "resourceOperations": ["rename", 5]}
    client = Client({"workspace": {"applyEdit": True, "workspaceEdit": able}})
    move, delete = FileOperation("move it", URI, "file:///folder/b.py"), FileOperation("delete it", URI, None)
    done = await client.during(lambda: client.editor.operate(move), client.answers({"applied": True}))
    assert done is True
    change = {"kind": "rename", "oldUri": URI, "newUri": "file:///folder/b.py"}
    assert client.requests[0]["params"] == {"label": "move it", "edit": {"documentChanges": [change]}}
    assert await client.during(lambda: client.editor.operate(delete)) is False
    assert await Client(ALL).editor.operate(move) is False
    refusing = Client({"workspace": {"applyEdit": True, "workspaceEdit": able}})
    answer = refusing.answers({"applied": False, "failureReason": "no such folder"})
    error = await refusing.during(lambda: refusing.editor.operate(move), answer)
    assert "did not change" in str(error)
    assert "no such folder" in str(error)


# Reading anew


RELOADS: Json = {"experimental": {"chat": {"reload": True}}}


async def reloaded(client: Client, *steps: Callable[[Json], None]) -> Any:
    return await client.during(lambda: client.editor.reload([URI]), *steps)


async def test_a_client_is_asked_to_read_documents_anew() -> None:
    client = Client(RELOADS)
    client.open("a")
    assert await reloaded(client, client.answers({"reloaded": [URI]})) is True
    (request,) = client.requests
    assert (request["method"], request["params"]) == ("chat/reload", {"uris": [URI]})


async def test_a_client_that_does_not_reload_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    odd: tuple[Any, ...] = ([], {}, {"reloaded": ["file:///other"]}, {"reloaded": [5]}, None)
    for answer in odd:
        client = Client(RELOADS)
        assert await reloaded(client, client.answers(answer)) is False, answer
    refusing = Client(RELOADS)
    assert await reloaded(refusing, refusing.refuses("unknown")) is False
    assert await reloaded(Client(ALL)) is False
    monkeypatch.setattr(editor, "RELOADING", 0.01)
    slow = Client(RELOADS)
    assert await reloaded(slow) is False
    assert slow.wire.messages[-1]["method"] == "$/cancelRequest"


# Saving


SAVES: Json = {"experimental": {"chat": {"save": True}}}


async def test_a_client_says_which_documents_it_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(SAVES)
    client.open("a")

    async def saved(client: Client, *steps: Callable[[Json], None]) -> Any:
        return await client.during(lambda: client.editor.save([URI]), *steps)

    assert await saved(client, client.answers({"saved": [URI, "file:///other"]})) == {URI}
    (request,) = client.requests
    assert (request["method"], request["params"]) == ("chat/save", {"uris": [URI]})
    odd: tuple[Any, ...] = ([], {}, {"saved": ["file:///other"]}, {"saved": [5]}, None)
    for answer in odd:
        client = Client(SAVES)
        assert not await saved(client, client.answers(answer)), answer
    refusing = Client(SAVES)
    assert not await saved(refusing, refusing.refuses("unknown"))
    assert not await saved(Client(ALL))
    monkeypatch.setattr(editor, "SAVING", 0.01)
    slow = Client(SAVES)
    assert not await saved(slow)
    assert slow.wire.messages[-1]["method"] == "$/cancelRequest"


LETTERS = st.text(st.sampled_from("ab\n\r\u2028e\u0301\U0001f600"), max_size=20)


@settings(deadline=None, max_examples=50)
@given(LETTERS, LETTERS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
async def test_any_change_arrives_as_it_was_meant(old: str, new: str, encoding: str) -> None:
    client = Client(encoding=encoding)
    document = client.open(old)

    def apply(request: Json) -> None:
        client.became(edited(old, request, encoding))
        client.answers({"applied": True})(request)

    assert await applied(client, Change("x", document, new), *([] if old == new else [apply])) == new
    assert client.document.text == new


# Problems


def diagnostic(line: int = 0, **more: Any) -> Json:
    place = {"start": {"line": line, "character": 1}, "end": {"line": line, "character": 2}}
    return {"range": place, "message": "wrong", **more}


async def told(client: Client, result: Any, uri: str | None = None, *, changed: bool = False) -> Any:
    return await client.during(lambda: client.editor.problems(uri, changed=changed), client.answers(result))


async def test_problems_are_read_as_lsp_writes_them() -> None:
    client = Client()
    entries = [
        diagnostic(3, severity=2, source="ruff", code="E501"),
        diagnostic(4, code=7, tags=[1], relatedInformation=[]),
        diagnostic(5, severity=99),
    ]
    found = await told(client, {"items": [{"uri": URI, "diagnostics": entries}]}, URI, changed=True)
    assert [(item.severity, item.source, item.code, item.range.start.line) for item in found] == [
        ("warning", "ruff", "E501", 3),
        ("error", "", "7", 4),
        ("hint", "", "", 5),
    ]
    assert {item.uri for item in found} == {URI}
    assert client.requests[0]["params"] == {"uri": URI, "changed": True}


async def test_of_one_document_no_others_problems_are_taken() -> None:
    items = [
        {"uri": uri, "diagnostics": [diagnostic()]} for uri in ("file:///folder/other.py", URI.replace("%20", " "))
    ]
    (found,) = await told(Client(), {"items": items}, URI)
    assert found.uri == "file:///folder/a file.py"


async def test_without_an_address_all_are_asked_for() -> None:
    client = Client()
    assert await told(client, {"items": []}) == ()
    assert client.requests[0]["params"] == {}


@pytest.mark.parametrize(
    "result",
    [
        None,
        5,
        [],
        {},
        {"items": None},
        {"items": [None, 5, {}, {"uri": 5, "diagnostics": [diagnostic()]}, {"uri": URI}]},
        {"items": [{"uri": URI, "diagnostics": [None, {}, diagnostic(message=5), {"message": "x", "range": 5}]}]},
    ],
)
async def test_what_makes_no_sense_among_problems_is_passed_over(result: Any) -> None:
    assert await told(Client(), result) == ()


async def test_of_endlessly_many_problems_the_first_are_read() -> None:
    found = await told(Client(), {"items": [{"uri": URI, "diagnostics": [diagnostic()] * 5000}]})
    assert len(found) == editor.MOST_PROBLEMS


async def test_a_client_that_does_not_tell_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "TELLING", 0.05)
    client = Client()
    error = await client.during(lambda: client.editor.problems(None))
    assert "did not tell" in str(error)
    assert client.wire.messages[-1]["method"] == "$/cancelRequest"


async def test_a_client_that_cannot_tell_says_why() -> None:
    client = Client()
    error = await client.during(lambda: client.editor.problems(None), client.refuses("no such method"))
    assert "no such method" in str(error)


async def test_roots_and_documents_are_those_of_the_conversation(tmp_path: Path) -> None:
    client = Client()
    client.say(
        method="workspace/didChangeWorkspaceFolders",
        params={"event": {"added": [{"uri": tmp_path.as_uri(), "name": "x"}], "removed": []}},
    )
    assert [root.name for root in client.editor.roots()] == ["x"]
