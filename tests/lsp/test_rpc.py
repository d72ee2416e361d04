"""The conversation, without a process: which folders and documents there are, whatever the client calls them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatls.editor import Root
from chatls.errors import RequestError
from chatls.lsp.handshake import Hello
from chatls.lsp.rpc import Rpc
from chatls.wire.methods import NoParams
from chatls.wire.outbox import Outbox
from chatls.wire.peer import Answer
from chatls.wire.stdio import FrameReader, Output, frame


class Nowhere(Output):
    """Takes everything and says nothing."""

    def __init__(self) -> None:
        self.on_room: Callable[[], None] = lambda: None
        self.on_closed: Callable[[], None] = lambda: None
        self.waiting = 0
        self.written = bytearray()

    def write(self, data: bytes) -> None:
        self.written += data


def rpc(**params: Any) -> Rpc:
    return Rpc(Outbox(Nowhere(), frame), Hello(params, "utf-16", FrameReader(), []))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = (tmp_path / "a folder").resolve()
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"workspaceFolders": None, "rootUri": None},
        {"workspaceFolders": []},
        {"rootPath": "relative/path"},
        {"rootUri": "vscode-remote://host/folder"},
        {"rootUri": ""},
        {"workspaceFolders": [{"uri": "untitled:x", "name": "x"}]},
        {"workspaceFolders": [{"uri": "file://elsewhere/x", "name": "x"}]},
    ],
)
def test_where_no_folder_of_this_machine_is_named_there_is_none(params: dict[str, Any]) -> None:
    assert rpc(**params).roots() == ()


@pytest.mark.parametrize(
    "named",
    [
        '{"rootUri": "URI"}',
        '{"rootUri": "URI/"}',
        '{"rootPath": "PATH"}',
        '{"rootUri": "URI", "rootPath": "/elsewhere", "workspaceFolders": null}',
        '{"rootUri": "file:///elsewhere", "workspaceFolders": [{"uri": "URI"}]}',
        '{"workspaceFolders": [{"uri": "URI", "name": null}]}',
        '{"workspaceFolders": [{"uri": "URI", "name": ""}]}',
        '{"rootUri": "FILE://LOCALHOSTPATH"}',
    ],
)
def test_a_folder_is_taken_from_wherever_the_client_names_it(named: str, folder: Path) -> None:
    params = json.loads(re.sub('"URI', f'"{folder.as_uri()}', named).replace('PATH"', f'{folder}"'))
    assert rpc(**params).roots() == (Root("a folder", folder),)


def test_a_folder_behind_a_link_is_the_folder_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    named = {"uri": (tmp_path / "link").as_uri(), "name": "called so"}
    assert rpc(workspaceFolders=[named]).roots() == (Root("called so", folder),)


def test_folders_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    folders = [{"uri": (tmp_path / name / "app").as_uri(), "name": "app"} for name in "abc"]
    names = [root.name for root in rpc(workspaceFolders=folders).roots()]
    assert names == ["app", "app-2", "app-3"]


def broken(*_: Any) -> None:
    raise ZeroDivisionError("a bug, at /some/path.py")


def said(daemon: Rpc, output: Nowhere, message: dict[str, Any]) -> list[dict[str, Any]]:
    """What is answered to a message."""
    output.written.clear()
    daemon.receive(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))
    return [json.loads(body) for body in FrameReader().feed(bytes(output.written)) if isinstance(body, bytes)]


def test_a_bug_in_a_handler_is_an_answer_that_says_so_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    daemon.serve("x/broken", NoParams, broken)
    daemon.hear("x/heard", broken)
    daemon.command("x.broken", broken)
    (answer,) = said(daemon, output, {"id": 1, "method": "x/broken"})
    assert (answer["id"], answer["error"]["code"], answer["error"]["data"]["kind"]) == (1, -32603, "internal")
    assert "x/broken" in answer["error"]["message"]
    assert "path" not in json.dumps(answer)
    assert said(daemon, output, {"method": "x/heard"}) == []
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_an_answer_is_given_once(caplog: pytest.LogCaptureFixture) -> None:
    def twice(answer: Answer, _: NoParams) -> None:
        answer.give({"first": True})
        answer.give({"second": True})
        raise ZeroDivisionError

    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    daemon.serve("x/twice", NoParams, twice)
    (answer,) = said(daemon, output, {"id": 1, "method": "x/twice"})
    assert answer["result"] == {"first": True}
    assert caplog.records


@pytest.mark.asyncio
async def test_a_question_that_is_cancelled_tells_the_client_and_ignores_its_late_answer() -> None:
    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    with anyio.move_on_after(0):
        await daemon.ask("x/question", {"a": 1})
    asked, cancelled = [json.loads(b) for b in FrameReader().feed(bytes(output.written)) if isinstance(b, bytes)]
    assert (asked["method"], asked["params"]) == ("x/question", {"a": 1})
    assert (cancelled["method"], cancelled["params"]) == ("$/cancelRequest", {"id": asked["id"]})
    assert said(daemon, output, {"id": asked["id"], "result": 1}) == []


@pytest.mark.asyncio
async def test_a_question_has_the_clients_answer_or_its_refusal() -> None:
    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    got = list[Any]()

    async def ask() -> None:
        try:
            got.append(await daemon.ask("x/question", None))
        except RequestError as error:
            got.append(str(error))

    for outcome in ({"result": [1]}, {"error": {"code": 1, "message": "not now"}}, {"result": None}):
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:
                output.written.clear()
                tasks.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                (asked,) = FrameReader().feed(bytes(output.written))
                assert isinstance(asked, bytes)
                assert said(daemon, output, {"id": json.loads(asked)["id"], **outcome}) == []
    assert got[0] == [1]
    assert "not now" in got[1]
    assert got[2] is None


@pytest.mark.asyncio
async def test_of_two_answers_to_a_question_the_first_one_counts() -> None:
    """They may stand in one read, before whoever asked wakes up: a no must not become a yes."""
    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    got = list[Any]()

    async def ask() -> None:
        got.append(await daemon.ask("x/question", None))

    with anyio.fail_after(120):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            (asked,) = FrameReader().feed(bytes(output.written))
            assert isinstance(asked, bytes)
            answers = [{"jsonrpc": "2.0", "id": json.loads(asked)["id"], "result": word} for word in ("no", "yes")]
            daemon.receive(b"".join(frame(json.dumps(answer).encode()) for answer in answers))
    assert got == ["no"]


def test_a_result_that_cannot_be_written_is_an_error_and_not_a_silence(caplog: pytest.LogCaptureFixture) -> None:
    """pygls leaves such a request without an answer."""
    output = Nowhere()
    daemon = Rpc(Outbox(output, frame), Hello({}, "utf-16", FrameReader(), []))
    daemon.serve("x/odd", NoParams, lambda answer, _: answer.give({"value": object()}))
    (answer,) = said(daemon, output, {"id": 1, "method": "x/odd"})
    assert answer["error"]["code"] == -32603
    assert caplog.records
