"""Any conversation at all: whatever is mixed with whatever, each request has its one answer and the daemon lives on."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemon.raw import Daemon, Turn, frame, packed

Action = Callable[[Daemon, list[Turn], int], object]
"""One thing that a client does, with the turns that it began and a number to choose by."""

CALL = {"toolCall": {"name": "look"}}
HANG = {"toolCall": {"name": "hang"}}
SCRIPTS: list[list[list[dict[str, Any]]]] = [
    [[{"text": "some words"}]],
    [[{"text": "some"}, {"hang": True}]],
    [[{"thinking": "hm"}, CALL, {"text": "and"}], [{"text": "done"}]],
    [[HANG, HANG, {"text": "and"}, {"delay": 0.01}]],
    [[{"text": "x"}, {"error": {"kind": "network", "text": "gone"}}]],
    [[{"toolCall": {"name": "search", "argumentsText": "{"}}, {"finish": "max_tokens"}]],
]
GARBAGE = [
    frame(b"{"),
    frame(b"[]"),
    frame(b""),
    frame(b'{"jsonrpc": "2.0", "id": 1.5, "method": "x"}'),
    b"garbage\r\n\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 99999999999999999999\r\n\r\n",
    b"\xff\x00\r\n\r\n",
    packed({"jsonrpc": "2.0", "id": "nobody", "result": {}}),
]


def one_of(turns: list[Turn], number: int) -> Turn | None:
    return turns[number % len(turns)] if turns else None


def prompt(daemon: Daemon, turns: list[Turn], number: int) -> None:
    turns.append(daemon.prompt(*SCRIPTS[number % len(SCRIPTS)], workDoneToken=f"work-{len(daemon.log)}-{number}"))


def prompt_again(daemon: Daemon, turns: list[Turn], number: int) -> None:
    """In a session that may be busy, unknown, or taken."""
    if turn := one_of(turns, number):
        turns.append(daemon.prompt(model=turn.model, sessionId=f"nowhere-{number % 2}"))


def cancel(daemon: Daemon, turns: list[Turn], number: int) -> None:
    if turn := one_of(turns, number):
        turn.cancel()


def cancel_call(daemon: Daemon, turns: list[Turn], number: int) -> None:
    for turn in turns:
        for event in turn.events:
            if event["kind"] == "toolRunStart":
                asked = {"sessionId": turn.session_id, "toolCallId": event["toolCallId"]}
                daemon.request("chat/cancel", asked)


def cancel_some(daemon: Daemon, turns: list[Turn], number: int) -> None:
    command = ("chatls.cancel", "chatls.cancelAll")[number % 2]
    daemon.request("workspace/executeCommand", {"command": command})


def read(daemon: Daemon, turns: list[Turn], number: int) -> None:
    daemon.refusal("$/alive")


def write_garbage(daemon: Daemon, turns: list[Turn], number: int) -> None:
    daemon.write(GARBAGE[number % len(GARBAGE)])


def ask(daemon: Daemon, turns: list[Turn], number: int) -> None:
    daemon.request(("chat/tools", "nothing", "chat/prompt", "initialize", "chat/models")[number % 5])


def configure(daemon: Daemon, turns: list[Turn], number: int) -> None:
    bad = {"settings": {"chatls": {"nonsense": 1}}}
    daemon.notify("workspace/didChangeConfiguration", bad)
    daemon.configure({})


def edit(daemon: Daemon, turns: list[Turn], number: int) -> None:
    document = {"uri": (daemon.folder / "root" / "a.txt").as_uri(), "languageId": "x", "version": number, "text": "x"}
    method = ("didOpen", "didChange", "didClose")[number % 3]
    daemon.notify(f"textDocument/{method}", {"textDocument": document, "contentChanges": [{"text": "y"}]})


ACTIONS: list[Action] = [
    prompt,
    prompt,
    prompt_again,
    cancel,
    cancel_call,
    cancel_some,
    read,
    write_garbage,
    ask,
    configure,
    edit,
]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 20)), max_size=25))
def test_whatever_a_client_does_everything_is_answered_once(daemon: Daemon, actions: list[tuple[Action, int]]) -> None:
    daemon.begin_anew()
    turns: list[Turn] = []
    for action, number in actions:
        action(daemon, turns, number)
    daemon.configure({})
    for turn in turns:
        turn.cancel()
    for turn in turns:
        answer = turn.answer()
        assert "error" in answer or answer["result"]["stopReason"]
    assert daemon.call("workspace/executeCommand", {"command": "chatls.cancelAll"}) == {"cancelled": 0}
    daemon.settle()
