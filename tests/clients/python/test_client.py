"""The client against a daemon that does what it is told: conversations, and every way in which one ends."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatls_client import Client, DaemonError, Message, ProtocolError, RpcError, to_uri
from chatls_client.protocol import StepEnd, TextChunk, TextContent, TurnStart

pytestmark = pytest.mark.asyncio

FAKE = [sys.executable, "-S", str(Path(__file__).with_name("fake_daemon.py"))]
SOON = 20


def fake(*flags: str, **options: Any) -> Client:
    return Client.start([*FAKE, *flags], **options)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def text_of(client: Client, content: Any, **options: Any) -> str:
    return "".join([event.text async for event in client.prompt(content, **options) if isinstance(event, TextChunk)])


@pytest.mark.parametrize("flags", [[], ["--bytewise"]])
async def test_a_turn_yields_its_events_in_order_and_then_its_result(flags: list[str]) -> None:
    with anyio.fail_after(SOON):
        async with fake(*flags) as client:
            turn = client.prompt("hello", model="fake/two")
            events = [event async for event in turn]
            assert events[0] == TurnStart("s1", "fake/two")
            assert "".join(event.text for event in events if isinstance(event, TextChunk)) == "Hello, wörld ✓"
            assert isinstance(events[-1], StepEnd)
            assert turn.result.stop_reason == "end_turn"
            assert (turn.session_id, turn.turn_id) == ("s1", turn.result.turn_id)
            assert await turn == turn.result


async def test_the_text_of_an_answer_can_be_had_without_its_events() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            assert (await client.ask("hello")).text == "Hello, wörld ✓"


async def test_content_goes_out_as_it_was_given() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            assert await text_of(client, [TextContent("a\nb")]) == '[{"text": "a\\nb", "type": "text"}]'


async def test_many_turns_run_at_once_and_keep_their_events_apart() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            waiting = [client.prompt("wait", new_session=f"w{number}") for number in range(5)]
            assert await text_of(client, "hello", new_session="h") == "Hello, wörld ✓"
            for turn in reversed(waiting):
                assert (await turn.cancel()).stop_reason == "cancelled"
                assert [event.text async for event in turn if isinstance(event, TextChunk)] == ["so far"]
            assert [turn.session_id for turn in waiting] == ["w0", "w1", "w2", "w3", "w4"]


async def test_a_message_may_be_of_any_length() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            long = "y" * 3_000_000

            assert len((await client.ask("echo " + long)).text or "") == len(long) + 7


async def test_a_refused_prompt_raises_its_code_and_kind() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            turn = client.prompt("refuse")
            with pytest.raises(RpcError, match="busy") as caught:
                await anext(turn)
            assert (caught.value.code, caught.value.kind) == (1002, "turn_in_progress")
            assert (caught.value.retryable, caught.value.retry_after_ms) == (True, 7)
            with pytest.raises(RpcError):
                await turn
            with pytest.raises(RpcError):
                await client.models()


async def test_a_result_that_is_not_there_yet_is_not_given() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            turn = client.prompt("wait")
            with pytest.raises(RuntimeError, match="still runs"):
                _ = turn.result


async def test_leaving_a_turns_block_cancels_the_turn() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            async with client.prompt("wait") as turn:
                await anext(turn)
            assert (await turn).stop_reason == "cancelled"


async def test_whoever_is_cancelled_while_waiting_cancels_the_turn() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            turn = client.prompt("wait")
            await anext(turn)
            await anext(turn)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anext, turn, None)
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
            assert (await turn).stop_reason == "cancelled"


async def test_a_caller_that_is_cancelled_cancels_its_request() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.ask, "wait")
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
            assert (await client.request("notes"))[-1]["method"] == "$/cancelRequest"


async def test_what_the_daemon_asks_is_answered() -> None:
    with anyio.fail_after(SOON):
        async with fake(roots=["/tmp"], settings={"model": "m"}) as client:
            folders = '[{"uri": "file:///tmp", "name": "tmp"}]'
            assert await text_of(client, "ask") == f'[null, [{{"model": "m"}}, null], {folders}, -32601]'


async def test_what_the_daemon_says_outside_of_turns_reaches_the_handler() -> None:
    said: list[Message] = []
    with anyio.fail_after(SOON):
        async with fake(on_message=said.append) as client:
            await client.prompt("say")
    assert said == [Message("error", "shown", shown=True), Message("log", "logged", shown=False)]


async def test_documents_and_settings_are_told_with_versions(tmp_path: Path) -> None:
    with anyio.fail_after(SOON):
        async with fake(roots=[tmp_path]) as client:
            client.open(tmp_path / "a b.txt", "one")
            client.change(tmp_path / "a b.txt", "two")
            client.close(tmp_path / "a b.txt")
            client.configure({"model": "x/y"})
            hello, *notes = await client.request("notes")
    uri = to_uri(tmp_path / "a b.txt")
    assert uri.endswith("/a%20b.txt")
    assert hello["processId"] == os.getpid()
    assert [note["method"].partition("/")[2] for note in notes] == [
        "",
        "didOpen",
        "didChange",
        "didClose",
        "didChangeConfiguration",
    ]
    assert notes[1]["params"]["textDocument"] == {"uri": uri, "languageId": "plaintext", "version": 1, "text": "one"}
    assert notes[2]["params"]["textDocument"]["version"] == 2
    assert notes[4]["params"] == {"settings": {"chatls": {"model": "x/y"}}}


@pytest.mark.parametrize(
    ("command", "code", "words", "said"),
    [
        ("die", 3, "ended with exit code 3", ("first line", "the reason")),
        ("killed", -9, "was ended by signal 9", ()),
    ],
)
async def test_a_daemon_that_dies_says_why_to_everybody_who_waits(
    command: str, code: int, words: str, said: tuple[str, ...]
) -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            waiting = client.prompt("wait")
            with pytest.raises(DaemonError, match=words) as caught:
                await client.prompt(command)
            assert (caught.value.exit_code, caught.value.stderr) == (code, said)
            with pytest.raises(DaemonError):
                await waiting
            with pytest.raises(DaemonError):
                await client.prompt("hello")
            assert gone(client.pid)


async def test_a_daemon_whose_child_holds_its_pipes_is_still_seen_to_be_dead() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            with pytest.raises(DaemonError, match="exit code 4") as caught:
                await client.prompt("orphan")
    os.kill(int(caught.value.stderr[-1].split()[1]), signal.SIGKILL)


@pytest.mark.parametrize("command", ["garbage", "mute", "malformed"])
async def test_a_daemon_that_makes_no_sense_hangs_nobody(command: str) -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            with pytest.raises((ProtocolError, DaemonError)):
                await client.prompt(command)
        assert gone(client.pid)


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(DaemonError, match="cannot start '/no/such/program'"):
        async with Client.start(["/no/such/program"]):
            pass


async def test_a_program_that_is_no_daemon_is_told() -> None:
    with anyio.fail_after(SOON), pytest.raises(DaemonError, match="exit code 0"):
        async with Client.start(["true"]):
            pass


async def test_a_daemon_that_never_answers_initialize_is_given_up() -> None:
    client = fake("--mute", start_timeout=0.2)
    with anyio.fail_after(SOON), pytest.raises(DaemonError, match=r"did not start within 0.2 s"):
        async with client:
            pass
    assert gone(client.pid)


async def test_a_daemon_of_another_version_is_refused() -> None:
    with anyio.fail_after(SOON), pytest.raises(ProtocolError, match="version 1"):
        async with fake("--newer"):
            pass


async def test_the_daemon_leaves_with_the_block() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            pid = client.pid
        assert gone(pid)
        assert client.exit_code == 0


async def test_a_stubborn_daemon_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatls_client.connection.SHUTDOWN_GRACE", 0.1)
    heard: list[str] = []
    with anyio.fail_after(SOON):
        async with fake("--stubborn", on_stderr=heard.append) as client:
            pid = client.pid
        assert gone(pid)
        assert client.exit_code == -9
        assert heard == ["I stay"]


async def test_a_client_in_a_hurry_does_not_ask_for_a_shutdown() -> None:
    with anyio.fail_after(SOON):
        async with fake() as client:
            turn = client.prompt("wait")
            await anext(turn)
            client.hurry()
        assert client.exit_code == 1
        with pytest.raises(DaemonError):
            await turn


async def test_an_error_in_the_block_comes_out_as_it_is_and_the_daemon_ends() -> None:
    with anyio.fail_after(SOON):
        client = fake()
        with pytest.raises(ZeroDivisionError):
            async with client:
                _ = 1 // 0
        assert gone(client.pid)


async def test_a_cancelled_block_ends_its_daemon() -> None:
    client = fake()
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as tasks:
            entered = anyio.Event()

            async def talk() -> None:
                async with client:
                    turn = client.prompt("wait")
                    await anext(turn)
                    entered.set()
                    await turn

            tasks.start_soon(talk)
            await entered.wait()
            tasks.cancel_scope.cancel()
        assert gone(client.pid)
        assert client.exit_code == 0


async def test_a_client_cancelled_while_it_starts_ends_its_daemon() -> None:
    client = fake("--mute")
    with anyio.move_on_after(0.2):
        async with client:
            pytest.fail("it never answers")
    assert gone(client.pid)
