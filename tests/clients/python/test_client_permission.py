"""The client's answers to what the daemon asks: permission, changes of open text, the editor's problems."""

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from questions import NO, ONCE, command, edit, permit

from chatls_client import Client, PermissionAnswer, PermissionQuestion
from chatls_client.protocol import Diff, TextChunk

pytestmark = pytest.mark.asyncio

FAKE = [sys.executable, "-S", str(Path(__file__).with_name("fake_daemon.py"))]
SOON = 120
CANCELLED = -32800


def fake(**options: Any) -> Client:
    return Client.start(FAKE, **options)


async def answer_of(client: Client, prompt: str) -> Any:
    """What the fake daemon was answered."""
    text = "".join([event.text async for event in client.prompt(prompt) if isinstance(event, TextChunk)])
    return json.loads(text)


async def chat_capabilities(client: Client) -> dict[str, Any]:
    hello, *_ = await client.request("notes")
    return hello["capabilities"]


async def yes(question: PermissionQuestion) -> PermissionAnswer:
    return PermissionAnswer.to(question, "allow_once")


async def test_the_callback_gets_the_question_and_its_word_goes_back(tmp_path: Path) -> None:
    asked: list[PermissionQuestion] = []

    async def no(question: PermissionQuestion) -> PermissionAnswer:
        asked.append(question)
        return PermissionAnswer.to(question, "reject_once", "use tabs")

    with anyio.fail_after(SOON):
        async with fake(permission=no) as client:
            replies = await answer_of(client, permit(tmp_path, edit("file:///a/b.py", "x\n", "y\n")))
    assert replies == {"p0": {"outcome": "selected", "optionId": "reject_once", "feedback": "use tabs"}}
    assert asked[0].preview == (Diff("file:///a/b.py", "x\n", "y\n"),)
    assert (asked[0].title, asked[0].tool_kind, asked[0].tool_call_id) == ("edit_file b.py", "edit", "p0")


@pytest.mark.parametrize("options", [{}, {"permission": yes}])
async def test_only_a_client_with_somebody_to_ask_says_that_it_can(options: dict[str, Any]) -> None:
    with anyio.fail_after(SOON):
        async with fake(**options) as client:
            capabilities = await chat_capabilities(client)
    chat = {"version": 1, "permission": True} if options else {"version": 1}
    assert capabilities["experimental"]["chat"] == chat
    assert "applyEdit" not in capabilities["workspace"]


async def test_without_a_callback_a_question_is_refused(tmp_path: Path) -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            assert await answer_of(client, permit(tmp_path, command("ls"))) == {"p0": -32601}


async def test_several_questions_are_open_at_once_and_answered_in_any_order(tmp_path: Path) -> None:
    second = anyio.Event()

    async def backwards(question: PermissionQuestion) -> PermissionAnswer:
        if question.tool_call_id == "p0":
            await second.wait()
            return PermissionAnswer.to(question, "allow_once")
        second.set()
        return PermissionAnswer.to(question, "reject_once")

    with anyio.fail_after(SOON):
        async with fake(permission=backwards) as client:
            replies = await answer_of(client, permit(tmp_path, command("ls"), command("id")))
    assert list(replies) == ["p1", "p0"]
    assert replies["p0"]["optionId"] == "allow_once"


async def test_a_question_that_is_withdrawn_cancels_the_callback_and_nothing_else(tmp_path: Path) -> None:
    ended: list[str] = []

    async def slow(question: PermissionQuestion) -> PermissionAnswer:
        if question.tool_call_id == "p1":
            return PermissionAnswer.to(question, "allow_once")
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(question.tool_call_id)
        return PermissionAnswer(None)

    with anyio.fail_after(SOON):
        async with fake(permission=slow) as client:
            replies = await answer_of(client, permit(tmp_path, command("ls"), command("id"), withdraw=[(1, "p0")]))
    assert replies["p0"] == CANCELLED
    assert replies["p1"]["outcome"] == "selected"
    assert ended == ["p0"]


async def test_a_cancelled_turn_withdraws_its_questions(tmp_path: Path) -> None:
    asked = anyio.Event()

    async def never(_question: PermissionQuestion) -> PermissionAnswer:
        asked.set()
        await anyio.sleep_forever()
        return PermissionAnswer(None)

    with anyio.fail_after(SOON):
        async with fake(permission=never) as client:
            turn = client.prompt(permit(tmp_path, command("ls"), command("id")))
            await asked.wait()
            assert (await turn.cancel()).stop_reason == "cancelled"


async def test_a_callback_that_fails_is_a_no_and_the_turn_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_question: PermissionQuestion) -> PermissionAnswer:
        raise ZeroDivisionError

    with anyio.fail_after(SOON), caplog.at_level(logging.ERROR):
        async with fake(permission=broken) as client:
            assert await answer_of(client, permit(tmp_path, command("ls"))) == {"p0": -32603}
    assert "ZeroDivisionError" in caplog.text


async def test_a_question_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    question = {**command("ls"), "options": 7}
    with anyio.fail_after(SOON):
        async with fake(permission=yes) as client:
            assert await answer_of(client, permit(tmp_path, question)) == {"p0": -32603}


async def test_an_open_question_does_not_outlive_its_daemon(tmp_path: Path) -> None:
    ended = anyio.Event()

    async def never(_question: PermissionQuestion) -> PermissionAnswer:
        client.hurry()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return PermissionAnswer(None)

    with anyio.fail_after(SOON):
        async with fake(permission=never) as client:
            client.prompt(permit(tmp_path, command("ls")))
            await ended.wait()


async def test_an_answer_of_a_kind_that_is_not_offered_is_no_answer() -> None:
    question = PermissionQuestion.from_wire(
        {"sessionId": "s", "turnId": "t", "toolCallId": "c", **command("ls", ONCE, NO)}
    )
    assert PermissionAnswer.to(question, "allow_always", "words").to_wire() == {"outcome": "cancelled"}


async def test_without_open_documents_a_change_of_one_is_refused() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            assert await answer_of(client, "edit") == {"applied": False, "failureReason": "no such document is open"}


@pytest.mark.parametrize(
    ("fault", "answer"),
    [(None, {"applied": True}), ("busy", {"applied": False, "failureReason": "busy"})],
)
async def test_a_handler_changes_open_documents(fault: str | None, answer: dict[str, Any]) -> None:
    edits: list[Any] = []

    async def apply(edit: dict[str, Any]) -> str | None:
        edits.append(edit)
        return fault

    with anyio.fail_after(SOON):
        async with fake(apply_edit=apply) as client:
            assert await answer_of(client, "edit") == answer
            assert (await chat_capabilities(client))["workspace"]["applyEdit"] is True
    assert edits == [{"label": "x", "edit": {"changes": {}}}]


async def test_the_editors_problems_are_told_by_a_handler_alone() -> None:
    async def diagnose(uri: str | None, changed: bool) -> Mapping[str, list[dict[str, Any]]]:
        return {str(uri): [{"message": f"changed: {changed}"}]}

    items = [{"uri": "file:///a", "diagnostics": [{"message": "changed: True"}]}]
    with anyio.fail_after(SOON):
        async with fake(diagnostics=diagnose) as client:
            assert await answer_of(client, "diagnose") == {"items": items}
            assert (await chat_capabilities(client))["experimental"]["chat"]["diagnostics"] is True
        async with fake() as client:
            assert await answer_of(client, "diagnose") == -32601


async def test_what_is_remembered_can_be_listed_and_revoked() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            (entry,) = await client.permissions(session="s1")
            assert (entry.id, entry.command, entry.scope, entry.path) == ("g1", "git status", "workspace", None)
            assert await client.permissions(revoke=[entry.id]) == ()
            assert (await client.request("notes"))[-2:] == [{"sessionId": "s1"}, {"revoke": ["g1"]}]
