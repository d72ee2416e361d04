"""Settings that cannot be used do not fail `initialize`: they are named, prompts say so, and better ones mend it."""

from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import CHATLS, KEY, KEY_VARIABLE, Daemon, Json
from tests.daemon.service import finish, text
from tests.support.http_server import ScriptedServer, streamed

SCRIPT = {"kind": "scripted", "script": "/nowhere/script.json"}


@pytest.fixture
def own(start: Start) -> Daemon:
    """One that nobody configured yet."""
    return start(CHATLS)


def shown(daemon: Daemon) -> list[str]:
    """What the person was told so far."""
    daemon.refusal("$/alive")
    told = [message["params"] for message in daemon.log if message.get("method") == "window/showMessage"]
    assert all(params["type"] == 1 for params in told)
    return [params["message"] for params in told]


def test_a_wrong_key_is_named_with_its_source_and_the_nearest_and_better_settings_mend_it(own: Daemon) -> None:
    own.initialize({"modle": "x/y"})
    (words,) = shown(own)
    for word in ("'modle'", "initializationOptions", "'model'"):
        assert word in words
    error = own.prompt().error()
    assert (error.code, error.data["kind"]) == (1007, "invalid_settings")
    assert error.message in words
    for method in ("chat/models", "chat/tools"):
        assert own.refusal(method).code == 1007
    own.configure({"limits": {"maxStep": 3}})
    assert "workspace/didChangeConfiguration" in shown(own)[-1]
    assert "maxSteps" in own.prompt().error().message
    own.configure({})
    assert own.prompt([{"text": "fine"}]).result()["stopReason"] == "end_turn"
    assert len(shown(own)) == 2
    assert own.leave() == 0
    own.check()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (5, "object"),
        ([], "object"),
        ("x", "object"),
        ({"model": 5}, "model"),
        ({"providers": 5}, "providers"),
        ({"providers": {"a": 5}}, "providers.a"),
        ({"providers": {"a": {"kind": "openai_chatt"}}}, "providers.a.kind"),
        ({"providers": {"a": {"apiKey": "secret"}}}, "apiKey"),
        ({"limits": {"maxSteps": -1}}, "limits.maxSteps"),
        ({"limits": {"idleTimeout": "long"}}, "limits.idleTimeout"),
        ({"tools": {"disabled": "search"}}, "tools.disabled"),
        ({"tools": {"disabled": ["search", "read_fil"]}}, "tools.disabled.1"),
        ({"permissions": [{"tool": "run_comand", "action": "deny"}]}, "permissions.0.tool"),
        ({"parameters": {"temperature": 9}}, "parameters.temperature"),
        ({"": 1}, "''"),
    ],
)
def test_what_does_not_fit_is_named(daemon: Daemon, settings: Any, named: str) -> None:
    at = len(shown(daemon))
    daemon.notify("workspace/didChangeConfiguration", {"settings": {"chatls": settings}})
    (words,) = shown(daemon)[at:]
    assert named in words
    assert "secret" not in words
    assert daemon.prompt().error().code == 1007
    daemon.configure({})


def test_no_settings_are_settings(daemon: Daemon) -> None:
    daemon.notify("workspace/didChangeConfiguration", {"settings": {"chatls": None}})
    assert daemon.prompt([{"text": "fine"}]).result()["stopReason"] == "end_turn"


def test_both_spellings_are_taken(daemon: Daemon) -> None:
    daemon.configure({"limits": {"max_steps": 1}})
    call: Json = {"toolCall": {"name": "list_files", "arguments": {}}}
    assert daemon.prompt([call]).result()["stopReason"] == "max_turn_requests"
    daemon.configure({})


def test_new_settings_replace_the_old_ones_and_do_not_touch_a_turn_that_runs(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "one"}, {"delay": 0.2}, {"text": "two"}])
    turn.event("textChunk")
    daemon.configure({})
    assert daemon.prompt(model=turn.model).error().code == 1005
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == "onetwo"


@pytest.mark.parametrize(
    ("settings", "model", "code", "words"),
    [
        ({}, "nobody/x", 1005, "nobody"),
        ({}, "no-slash", 1005, "no-slash"),
        ({"providers": {"mine": SCRIPT}}, "mien/x", 1005, "mine"),
        ({"providers": {"mine": {"kind": "scripted"}}}, "mine/x", 1007, "script"),
        ({"providers": {"mine": {"kind": "openai_chat"}}}, "mine/x", 1007, "base_url"),
        (
            {"providers": {"mine": {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9", "apiKeyEnv": "NO_SUCH"}}},
            "mine/x",
            1004,
            "NO_SUCH",
        ),
    ],
)
def test_a_model_that_cannot_be_had_is_refused_with_the_reason(
    daemon: Daemon, settings: Json, model: str, code: int, words: str
) -> None:
    daemon.configure(settings)
    error = daemon.prompt(model=model).error()
    assert error.code == code
    assert words in error.message
    assert error.data["retryable"] is False
    daemon.configure({})


def test_a_script_that_is_not_there_is_an_error_of_the_turn(daemon: Daemon) -> None:
    daemon.configure({"providers": {"mine": SCRIPT}, "model": "mine/x"})
    result = daemon.prompt().result()
    assert result["stopReason"] == "error"
    assert "/nowhere/script.json" in result["error"]["message"]
    daemon.configure({})


def test_a_key_in_the_environment_never_reaches_the_client_nor_the_log(start: Start) -> None:
    """At the most talkative level, whether the server is there or not."""
    daemon = start(CHATLS, variables={"CHATLS_LOG": "DEBUG"})
    provider = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon.initialize({"providers": {"mine": provider}, "model": "mine/x"})
    turn = daemon.prompt()
    turn.event("retry")
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    with ScriptedServer() as server:
        server.play(streamed(text("fine"), finish("stop")))
        daemon.configure({"providers": {"mine": {**provider, "baseUrl": server.url}}, "model": "mine/x"})
        assert daemon.prompt().result()["stopReason"] == "end_turn"
        assert KEY in server.requests[0].headers["authorization"]
    assert daemon.leave() == 0
    daemon.pardon()
    daemon.check()


def test_the_users_file_lies_below_what_the_client_says(start: Start) -> None:
    daemon = start(CHATLS)
    path = daemon.folder / "home" / ".config" / "chatls" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[limits]\nmax_steps = 2\n[tools]\ndisabled = ["search"]\n')
    daemon.initialize({"tools": {"disabled": ["read_file"]}})
    assert [tool["name"] for tool in daemon.call("chat/tools")["tools"]] == ["search", "list_files"]
    result = daemon.prompt([{"toolCall": {"name": "list_files"}}]).result()
    assert (result["stopReason"], result["steps"]) == ("max_turn_requests", 2)
    path.write_text("[limits\n")
    daemon.configure({})
    assert "config.toml" in shown(daemon)[-1]
    path.unlink()
    daemon.configure({})
    assert daemon.prompt([{"text": "x"}]).result()["stopReason"] == "end_turn"
    assert daemon.leave() == 0
    daemon.check()
