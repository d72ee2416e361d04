"""`chatls acp` as an editor starts it: the real process, each message of it checked by the official models."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acp.client import Client, Json, RefusedError, answer, call, choose

WRITE = call("write_file", path="new.txt", content="hello\n")


def test_a_turn_streams_words_calls_and_a_question_with_its_diff(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "a.txt").write_text("one\n")
    replies = [[{"text": "Let me look. "}, call("read_file", path="a.txt"), WRITE], [{"text": "Done."}]]
    with Client(tmp_path, *replies) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        session = client.begin()
        assert client.prompt(session, "Write it")["stopReason"] == "end_turn"
        assert client.words() == "Let me look. Done."
        question = client.asked[0]["params"]
        assert question["toolCall"]["content"][-1] == {
            "type": "diff",
            "path": str(client.folder / "new.txt"),
            "oldText": None,
            "newText": "hello\n",
        }
        kinds = [option["kind"] for option in question["options"]]
        assert (kinds[0], kinds[-2:]) == ("allow_once", ["reject_once", "reject_always"])
        always = [option["optionId"] for option in question["options"] if option["kind"] == "allow_always"]
        assert [name.rpartition("_")[2] for name in always] == ["session", "workspace"]
        begun = {update["toolCallId"]: update for update in client.of("tool_call")}
        assert [update["kind"] for update in begun.values()] == ["read", "edit"]
        for name in begun:
            states = [one.get("status") for one in client.of("tool_call_update") if one["toolCallId"] == name]
            assert [state for state in states if state] == ["in_progress", "completed"]
        assert client.of("session_info_update")[0]["title"] == "Write it"
        assert (client.folder / "new.txt").read_text() == "hello\n"


ASKING = "denied: the user could not be asked: the editor did not answer session/request_permission as it should"
REFUSED = f"{ASKING}: the client refused: no"


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (choose("reject_once"), "denied"),
        (answer(result={"outcome": {"outcome": "cancelled"}}), "cancelled"),
        (choose("nonsense"), "denied"),
        (answer(error={"code": -32603, "message": "no"}), REFUSED),
        (answer(result={"outcome": {"outcome": "sure"}}), "denied"),
    ],
)
def test_only_a_yes_lets_a_call_run(tmp_path: Path, reply: Any, word: str) -> None:
    with Client(tmp_path, [WRITE], [{"text": "I see."}]) as client:
        client.answers["session/request_permission"] = reply
        assert client.prompt(client.begin(), "Write it")["stopReason"] == "end_turn"
        assert not (client.folder / "new.txt").exists()
        end = [update for update in client.of("tool_call_update") if update.get("status") == "failed"]
        assert end[0]["content"][0]["content"]["text"].startswith(word)


def test_a_cancel_is_answered_as_one_and_the_session_goes_on(tmp_path: Path) -> None:
    with Client(
        tmp_path, [{"text": "Well"}, {"hang": True}], [{"text": "Again."}, {"hang": True}], [{"text": "Yes."}]
    ) as client:
        session = client.begin()
        number = client.send("session/prompt", sessionId=session, prompt=[{"type": "text", "text": "go"}])
        client.until(lambda update: update["sessionUpdate"] == "agent_message_chunk")
        client.notify("session/cancel", sessionId=session)
        assert client.answer(number)["stopReason"] == "cancelled"
        number = client.send("session/prompt", sessionId=session, prompt=[{"type": "text", "text": "go"}])
        client.until(lambda update: update["sessionUpdate"] == "agent_message_chunk")
        client.notify("$/cancel_request", requestId=number)
        assert client.answer(number)["stopReason"] == "cancelled"
        assert client.prompt(session, "again")["stopReason"] == "end_turn"


def test_a_cancel_right_behind_the_prompt_finds_it(tmp_path: Path) -> None:
    with Client(tmp_path, [{"hang": True}]) as client:
        session = client.begin()
        number = client.send("session/prompt", sessionId=session, prompt=[{"type": "text", "text": "go"}])
        client.notify("session/cancel", sessionId=session)
        assert client.answer(number)["stopReason"] == "cancelled"


def test_what_was_said_is_listed_and_loaded_by_the_next_daemon_and_goes_on(tmp_path: Path) -> None:
    replies = [[{"text": "One."}, call("list_files")], [{"text": " Two."}], [{"text": "Three."}]]
    with Client(tmp_path, *replies) as client:
        session = client.begin()
        client.prompt(session, "first")
    with Client(tmp_path, [{"text": "Three."}]) as client:
        (found,) = client.ask("session/list", cwd=str(client.folder))["sessions"]
        assert (found["sessionId"], found["cwd"], found["title"]) == (session, str(client.folder), "first")
        assert client.ask("session/list", cwd=str(tmp_path))["sessions"] == []
        with pytest.raises(RefusedError) as refused:
            client.prompt(session, "too early")
        assert refused.value.code == -32002
        client.ask("session/load", sessionId=session, cwd=str(client.folder), mcpServers=[])
        assert client.words("user_message_chunk") == "first"
        assert client.words() == "One. Two."
        assert [update["title"] for update in client.of("tool_call")] == ["list_files"]
        assert client.prompt(session, "second")["stopReason"] == "end_turn"
        assert client.words("user_message_chunk") == "first"
    with Client(tmp_path, [{"text": "Four."}]) as client:
        client.ask("session/resume", sessionId=session, cwd=str(client.folder))
        assert client.words() == ""
        assert client.prompt(session, "third")["stopReason"] == "end_turn"
        client.ask("session/close", sessionId=session)
        client.ask("session/delete", sessionId=session)
        client.ask("session/delete", sessionId=session)
        assert client.ask("session/list")["sessions"] == []
        with pytest.raises(RefusedError) as refused:
            client.ask("session/load", sessionId=session, cwd=str(client.folder), mcpServers=[])
        assert refused.value.code == -32002


def test_undo_takes_the_last_turn_back_with_its_files(tmp_path: Path) -> None:
    with Client(tmp_path, [WRITE], [{"text": "Written."}]) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        session = client.begin()
        client.prompt(session, "write it")
        assert (client.folder / "new.txt").exists()
        client.prompt(session, "/undo")
        assert not (client.folder / "new.txt").exists()
        assert "Taken back: write it" in client.words()
        client.prompt(session, "/undo")
        assert client.words().endswith("There is no turn to be taken back.")


def test_model_mode_and_thinking_can_be_chosen_and_nothing_else(tmp_path: Path) -> None:
    with Client(tmp_path, [WRITE], [{"text": "I see."}]) as client:
        session = client.begin()
        for name, value in (("mode", "plan"), ("thinking", "high"), ("model", "play/script")):
            found = client.ask("session/set_config_option", sessionId=session, configId=name, value=value)
            current = {option["id"]: option["currentValue"] for option in found["configOptions"]}
            assert current[name] == value
        for option in found["configOptions"]:
            assert option["currentValue"] in [choice["value"] for choice in option["options"]]
        for name, value in (("mode", "yolo"), ("nothing", "x"), ("thinking", 3), ("model", "plya/script")):
            with pytest.raises(RefusedError) as refused:
                client.ask("session/set_config_option", sessionId=session, configId=name, value=value)
            assert refused.value.code == -32602
        assert client.prompt(session, "write it")["stopReason"] == "end_turn"
        assert (client.asked, (client.folder / "new.txt").exists()) == ([], False)
        client.ask("session/set_mode", sessionId=session, modeId="edits")
        (told,) = client.of("available_commands_update")
        assert {"review", "compact", "undo"} <= {command["name"] for command in told["availableCommands"]}


def test_the_model_and_the_mode_of_a_session_are_those_of_the_next_process_too(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"replies": [[{"text": "Other."}]]}))
    settings = f'[providers.other]\nkind = "scripted"\nscript = "{other}"\n'
    with Client(tmp_path, [{"text": "Usual."}], settings=settings) as client:
        session = client.begin()
        client.prompt(session, "hello")
        client.ask("session/set_config_option", sessionId=session, configId="model", value="other/script")
        client.ask("session/set_mode", sessionId=session, modeId="plan")
    with Client(tmp_path, [{"text": "Usual."}], settings=settings) as client:
        where: Json = {"sessionId": session, "cwd": str(client.folder), "mcpServers": []}
        found = client.ask("session/resume", **where)
        assert [option["currentValue"] for option in found["configOptions"][:2]] == ["other/script", "plan"]
        client.prompt(session, "hello")
        client.ask("session/set_config_option", sessionId=session, configId="model", value="default")
        client.prompt(session, "hello")
        assert client.words() == "Other.Usual."


def test_a_client_that_knows_kinds_of_answers_alone_is_given_the_narrowest_of_each(tmp_path: Path) -> None:
    info = {"name": "CodeCompanion.nvim", "version": "1.0.0"}
    with Client(tmp_path, [WRITE], [{"text": "Done."}], info=info) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        client.prompt(client.begin(), "Write it")
        offered = [option["optionId"] for option in client.asked[0]["params"]["options"]]
        assert offered == ["allow_once", "allow_session", "reject_once", "reject_session"]


def test_a_client_is_not_asked_for_the_text_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with Client(tmp_path, [WRITE], [{"text": "Done."}], capabilities={"fs": {"readTextFile": True}}) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        client.prompt(client.begin(), "Write it")
        assert [asked["method"] for asked in client.asked] == ["session/request_permission"]


def test_unsaved_text_is_read_and_never_written_over(tmp_path: Path) -> None:
    edit = call("edit_file", path="a.txt", edits=[{"old_text": "unsaved", "new_text": "changed"}])
    with Client(
        tmp_path,
        [call("read_file", path="a.txt")],
        [edit],
        [{"text": "I see."}],
        capabilities={"fs": {"readTextFile": True}},
    ) as client:
        (client.folder / "a.txt").write_text("saved\n")
        client.answers["fs/read_text_file"] = answer(result={"content": "unsaved\n"})
        client.answers["session/request_permission"] = choose("allow_once")
        client.prompt(client.begin(), "change it")
        ends = [update for update in client.of("tool_call_update") if update.get("status") in ("completed", "failed")]
        assert "unsaved" in ends[0]["content"][0]["content"]["text"]
        assert "has to be saved first" in ends[1]["content"][0]["content"]["text"]
        assert (client.folder / "a.txt").read_text() == "saved\n"


def test_a_client_that_cannot_tell_its_text_costs_no_more_than_a_moment(tmp_path: Path) -> None:
    reply = [call("read_file", path="a.txt")]
    with Client(tmp_path, reply, [{"text": "I see."}], capabilities={"fs": {"readTextFile": True}}) as client:
        (client.folder / "a.txt").write_text("saved\n")
        assert client.prompt(client.begin(), "read it")["stopReason"] == "end_turn"  # it is asked, and does not answer
        ends = [update for update in client.of("tool_call_update") if update.get("status") == "completed"]
        assert "saved" in ends[0]["content"][0]["content"]["text"]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("session/prompt", {"sessionId": "none", "prompt": [{"type": "text", "text": "?"}]}, -32002),
        ("session/prompt", {"sessionId": "none", "prompt": [{"type": "audio", "data": "", "mimeType": "a/b"}]}, -32602),
        ("session/prompt", {}, -32602),
        ("session/new", {"cwd": "relative", "mcpServers": []}, -32602),
        ("session/new", {"cwd": "/no/such/folder", "mcpServers": []}, -32602),
        ("session/load", {"sessionId": "none", "cwd": "/", "mcpServers": []}, -32002),
        ("session/list", {"cursor": "x"}, -32602),
        ("session/list", {"cursor": f"{'9' * 30}-1"}, -32602),
        ("session/list", {"cwd": "/a\0b"}, -32602),
        ("session/close", {"sessionId": "none"}, -32002),
        ("session/prompt", {"sessionId": "none", "prompt": []}, -32602),
        ("session/fly", {}, -32601),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, method: str, params: dict[str, Any], code: int) -> None:
    with Client(tmp_path) as client:
        with pytest.raises(RefusedError) as refused:
            client.ask(method, **params)
        assert refused.value.code == code


def test_a_turn_that_fails_is_an_error_and_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with Client(tmp_path, [{"error": {"kind": "overloaded", "text": "too much to do"}}], [{"text": "Yes."}]) as client:
        with pytest.raises(RefusedError, match="too much to do") as refused:
            client.prompt(client.begin(), "go")
        assert refused.value.code == -32603
        session = client.begin()
        client.ask("session/set_config_option", sessionId=session, configId="model", value="anthropic/claude")
        with pytest.raises(RefusedError, match="ANTHROPIC_API_KEY") as refused:
            client.prompt(session, "go")
        assert refused.value.code == -32000
        client.ask("session/set_config_option", sessionId=session, configId="model", value="default")
        assert client.prompt(session, "/undo is a word here")["stopReason"] == "end_turn"


def test_garbage_between_messages_is_answered_and_passed_over(tmp_path: Path) -> None:
    with Client(tmp_path, [{"text": "Hi."}]) as client:
        client.write(b"no json\n\n[1]\n\xff\xfe\n{}\n")
        errors = [client.next() for _ in range(4)]
        assert [error["error"]["code"] for error in errors] == [-32700, -32600, -32700, -32600]
        assert client.prompt(client.begin(), "go")["stopReason"] == "end_turn"


def test_it_leaves_with_its_client_in_mid_turn(tmp_path: Path) -> None:
    client = Client(tmp_path, [call("run_command", command="sleep 100")])
    client.answers["session/request_permission"] = choose("allow_once")
    client.send("session/prompt", sessionId=client.begin(), prompt=[{"type": "text", "text": "go"}])
    client.until(lambda update: update.get("status") == "in_progress")
    assert client.leave() == 0


def test_the_official_client_drives_it(tmp_path: Path) -> None:
    """In a process of its own: the SDK speaks asyncio, and would be loaded by every test."""
    with Client(tmp_path, [{"text": "Hi "}, WRITE], [{"text": "there."}]):
        pass  # its settings are there now
    program = Path(__file__).with_name("official.py")
    kinds = ("config", "data", "state", "cache")
    places = {f"XDG_{kind.upper()}_HOME": str(tmp_path / kind) for kind in kinds}
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "ws")],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["Hi", "there.", "end_turn"]
    assert (tmp_path / "ws" / "new.txt").read_text() == "hello\n"


def test_a_client_with_a_terminal_is_offered_the_setup(tmp_path: Path) -> None:
    with Client(tmp_path, capabilities={"auth": {"terminal": True}}) as client:
        (offered,) = client.hello["authMethods"]
        assert (offered["type"], offered["args"]) == ("terminal", ["setup"])
    with Client(tmp_path) as client:
        assert client.hello["authMethods"] == []
