"""Through to the model and back: what a prompt becomes on its way to a server, and that nothing is left behind."""

import json
from pathlib import Path

import pytest

from tests.daemon.processes import resident
from tests.daemon.raw import KEY, Daemon, Json
from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import Chunk, Close, Drip, Hang, Head, Reply, Reset, answered, event, streamed

DONE = streamed(text("done"), finish("stop"))


def test_a_request_has_the_key_and_the_history_in_order(service: Service) -> None:
    service.server.play(streamed(text("one"), finish("stop")))
    session = service.prompt(content="first").result()["sessionId"]
    service.prompt(content="second", sessionId=session).result()
    assert service.server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    said = [(message["role"], message["content"]) for message in service.history()[1:]]
    assert said == [("user", "first"), ("assistant", "one"), ("user", "second")]


def test_a_refused_prompt_leaves_no_words_in_the_history(service: Service) -> None:
    service.server.play(DONE)
    session = service.prompt(content="first").result()["sessionId"]
    assert service.daemon.prompt(content="ghost", sessionId=session, model="nobody/x").error().code == 1005
    service.prompt(content="second", sessionId=session).result()
    assert "ghost" not in json.dumps(service.history())


def test_what_failed_stays_in_the_history_and_the_next_prompt_joins_it(service: Service) -> None:
    """After an error before any text the user's message stays; neighbours of one role are one message."""
    service.server.play(answered({"error": {"message": "no"}}, 400), DONE)
    failed = service.prompt(content="first").result()
    assert (failed["stopReason"], failed["error"]["kind"]) == ("error", "bad_request")
    assert failed["error"]["httpStatus"] == 400
    service.prompt(content="second", sessionId=failed["sessionId"]).result()
    said = json.dumps(service.history())
    assert said.index("first") < said.index("second")


@pytest.mark.parametrize("end", [Close(), Reset()])
def test_a_stream_that_breaks_off_is_said_and_its_text_kept(service: Service, end: Close | Reset) -> None:
    service.server.play([*streamed(text("half"), done=False)[:-1], end], DONE)
    turn = service.prompt()
    result = turn.result()
    assert (result["stopReason"], result["error"]["kind"]) == ("error", "stream_interrupted")
    assert turn.text == "half"
    assert service.prompt(sessionId=result["sessionId"]).result()["stopReason"] == "end_turn"
    assert "half" in json.dumps(service.history())


def test_a_key_that_the_server_echoes_is_blotted_out(service: Service) -> None:
    """`check` looks for it in everything that was said."""
    service.server.play(answered({"error": {"message": f"the key {KEY} is not known"}}, 401))
    error = service.prompt().result()["error"]
    assert error["kind"] == "unauthorized"


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_tool_choice_holds_and_a_required_one_for_the_first_step_only(service: Service, choice: str) -> None:
    service.server.play(streamed(call('{"path": "a.txt"}', "read_file"), finish("tool_calls")), DONE)
    assert service.prompt(toolChoice=choice).result()["stopReason"] == "end_turn"
    asked = [request.json().get("tool_choice") for request in service.server.requests]
    expected = {"auto": [None, None], "none": ["none", "none"], "required": ["required", None]}[choice]
    assert [None if value == "auto" else value for value in asked] == expected


def test_tools_are_offered_as_the_prompt_allows(service: Service) -> None:
    def offered() -> list[str]:
        return [tool["function"]["name"] for tool in service.server.requests[-1].json().get("tools", [])]

    service.server.play(DONE)
    service.prompt().result()
    assert {"read_file", "search", "list_files"} <= set(offered())
    service.prompt(tools=["search"]).result()
    assert offered() == ["search"]
    service.prompt(tools=[]).result()
    assert offered() == []


def test_links_are_read_with_open_text_first_and_a_range_gives_its_lines(service: Service) -> None:
    service.server.play(DONE)
    uri = (service.daemon.folder / "root" / "a.txt").as_uri()
    item = {"uri": uri, "languageId": "x", "version": 1, "text": "alpha\nbeta\ngamma\n"}
    service.daemon.notify("textDocument/didOpen", {"textDocument": item})
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}}
    link: Json = {"type": "resource_link", "uri": uri, "range": place}
    service.prompt(content=[link, {"type": "text", "text": "what is it?"}]).result()
    service.daemon.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    said = json.dumps(service.history()[1:])
    assert "beta" in said
    assert "alpha" not in said
    assert "what is it?" in said


def test_results_go_back_in_the_order_of_the_calls_whatever_order_they_end_in(service: Service) -> None:
    calls = [
        call('{"count": 2000}', "burst", 0),
        call('{"path": "a.txt"}', "read_file", 1),
        call("{}", "write", 2),
        call("{}", "look", 3),
    ]
    service.server.play(streamed(*calls, finish("tool_calls")), DONE)
    result = service.prompt().result()
    assert sum(result["tools"].values()) == 4
    names = {item["id"]: item["function"]["name"] for item in service.history()[-5]["tool_calls"]}
    answers = [names[message["tool_call_id"]] for message in service.history()[-4:]]
    assert answers == ["burst", "read_file", "write", "look"]


def test_a_thousand_prompts_at_once_are_all_answered_and_64_of_them_run(daemon: Daemon) -> None:
    model = daemon.script([{"hang": True}])
    with daemon.one_write():
        turns = [daemon.prompt(model=model) for _ in range(1000)]
        cancel = daemon.request("workspace/executeCommand", {"command": "chatls.cancelAll"})
    assert daemon.answer(cancel)["result"] == {"cancelled": 64}
    answers = [turn.answer() for turn in turns]
    assert [answer["result"]["stopReason"] for answer in answers if "result" in answer] == ["cancelled"] * 64
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {1003}
    daemon.begin_anew()


def test_tools_that_nobody_can_stop_keep_nothing_and_nobody_waiting(daemon: Daemon) -> None:
    """A hundred threads hang, and all else goes on."""
    stuck = [{"toolCall": {"name": "stubborn"}}] * 8
    turns = [daemon.prompt(stuck) for _ in range(12)]
    for turn in turns:
        while turn.kinds.count("toolRunOutput") < 8:
            daemon.read()
        turn.cancel()
        assert turn.result()["stopReason"] == "cancelled"
    link = {"type": "resource_link", "uri": (daemon.folder / "root" / "a.txt").as_uri()}
    read = {"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}}
    turn = daemon.prompt([read], [{"text": "done"}], content=[link])
    assert turn.result()["tools"] == {"read_file": 1}


def test_a_reply_without_an_end_is_cut_and_its_whole_calls_run(service: Service) -> None:
    service.daemon.configure({**service.daemon.settings, "limits": {"replyBytes": 100_000}})
    whole = [Chunk(event(call('{"path": "a.txt"}', "read_file"))), Chunk(event(call('{"path": "', "read_file", 1)))]
    service.server.play([Head(), *whole, Drip(event(call("on and on, " * 50, None, 1)), 0)])
    turn = service.prompt()
    result = turn.result()
    assert (result["stopReason"], result["tools"]) == ("max_tokens", {"read_file": 1})
    assert turn.kinds.count("notice") == 1
    service.server.wait_until_closed()
    service.daemon.configure({**service.daemon.settings, "limits": {}})
    service.server.play(DONE)
    assert service.prompt(sessionId=result["sessionId"]).result()["stopReason"] == "end_turn"
    assert len(service.history()) == 5


def test_two_hundred_cancelled_turns_leave_no_descriptor_and_little_memory(service: Service) -> None:
    folder = Path(f"/proc/{service.daemon.pid}/fd")

    def rounds(count: int) -> None:
        for number in range(count):
            service.server.play(_hanging(number))
            turn = service.prompt()
            turn.event("textChunk")
            turn.cancel()
            assert turn.result()["stopReason"] == "cancelled"
            service.server.wait_until_closed()

    rounds(20)
    before, descriptors = resident(service.daemon.pid), len(list(folder.iterdir())) if folder.exists() else 0
    rounds(200)
    assert resident(service.daemon.pid) - before < 8 * 2**20
    if folder.exists():
        assert len(list(folder.iterdir())) <= descriptors + 2


def _hanging(number: int) -> Reply:
    return [Head(), Chunk(event(text(f"{number}"))), Hang()]


def test_the_model_is_told_what_the_person_has_before_them(service: Service) -> None:
    service.server.play(DONE)
    uri = (service.daemon.folder / "root" / "a.txt").as_uri()
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
    context = {"type": "editor_context", "active": {"uri": uri, "selection": place}, "open": [uri, "untitled:new"]}
    service.prompt(content=[context, {"type": "text", "text": "what is this?"}]).result()
    said = json.dumps(service.history()[1:])
    for words in ("a.txt", "two", "new", "what is this?"):
        assert words in said
    assert "three" not in said
