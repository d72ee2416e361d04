"""MCP servers that an editor names for a session (`mcpServers`): started for it alone, asked about, ended with it."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.acp.servers import servers_of
from tests.acp.client import Client, Json, call, choose
from tests.daemon.processes import descendants, wait_until_gone
from tests.mcp.test_http import Site

SERVER = str(Path(__file__).parents[1] / "mcp" / "server.py")
SAYS = [call("own__echo", word="hi")], [{"text": "Done."}]


def program(name: str = "own", *manner: str, **env: str) -> Json:
    """A server as editors name it."""
    pairs = [{"name": key, "value": value} for key, value in env.items()]
    return {"name": name, "command": sys.executable, "args": [SERVER, *(manner or ("good",))], "env": pairs}


def begin(client: Client, *servers: Json) -> str:
    return client.ask("session/new", cwd=str(client.folder), mcpServers=servers)["sessionId"]


def outcome(client: Client, session: str) -> tuple[str, str]:
    """How the call of the next prompt ended, and its text."""
    before = len(client.heard)
    assert client.prompt(session, "go")["stopReason"] == "end_turn"
    ends = [one for one in client.heard[before:] if one.get("status") in ("completed", "failed")]
    return ends[-1]["status"], ends[-1]["content"][0]["content"]["text"]


def answered(client: Client, session: str) -> str:
    """The same, once the server is there: no prompt waits for one."""
    limit = time.monotonic() + 60
    while (found := outcome(client, session))[1].startswith("There is no tool"):
        assert time.monotonic() < limit
    assert found[0] == "completed", found
    return found[1]


def children(client: Client) -> list[int]:
    found = list[int]()
    for pid in descendants(client.pid):
        with suppress(OSError):
            found += [pid] if SERVER in Path(f"/proc/{pid}/cmdline").read_text() else []
    return found


def test_a_server_is_started_for_its_session_alone_asks_and_ends_with_it(tmp_path: Path) -> None:
    with Client(tmp_path, *SAYS) as client:
        assert client.hello["agentCapabilities"]["mcpCapabilities"] == {"http": True, "sse": False}
        client.answers["session/request_permission"] = choose("allow_once")
        mine, other = begin(client, program()), begin(client)
        assert answered(client, mine) == "echo hi"
        question = client.asked[-1]["params"]["toolCall"]
        assert question["title"] == 'own__echo {"word":"hi"}'
        assert outcome(client, other)[1].startswith("There is no tool named 'own__echo'")
        (pid,) = children(client)
        client.ask("session/close", sessionId=mine)
        wait_until_gone(pid)


def test_a_session_that_is_loaded_has_the_servers_that_are_named_then(tmp_path: Path) -> None:
    with Client(tmp_path, *SAYS) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        session = begin(client, program())
        answered(client, session)
        (pid,) = children(client)
        where: Json = {"sessionId": session, "cwd": str(client.folder)}
        client.ask("session/load", **where, mcpServers=[])
        wait_until_gone(pid)
        assert outcome(client, session)[1].startswith("There is no tool")
        client.ask("session/resume", **where, mcpServers=[program()])
        assert answered(client, session) == "echo hi"


def test_servers_end_with_a_daemon_that_leaves_and_with_a_session_that_is_deleted(tmp_path: Path) -> None:
    with Client(tmp_path, *SAYS) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        first, second = begin(client, program()), begin(client, program("own", "stubborn"))
        answered(client, first)
        answered(client, second)
        pids = children(client)
        assert len(pids) == 2
        client.ask("session/delete", sessionId=first)
        left = next(pid for pid in pids if "stubborn" in Path(f"/proc/{pid}/cmdline").read_text())
        wait_until_gone(*(pid for pid in pids if pid != left))
    wait_until_gone(left)


def test_a_server_behind_an_address_gets_its_headers(tmp_path: Path) -> None:
    site = Site("legacy", streamed=False)
    headers = [{"name": "X-Own", "value": "mine"}]
    with Client(tmp_path, *SAYS) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        session = begin(client, {"type": "http", "name": "own", "url": site.url, "headers": headers})
        assert answered(client, session) == "echo hi"
        assert {seen["x-own"] for _, seen, _ in site.seen} == {"mine"}
    site.server.shutdown()
    site.server.server_close()


def test_what_cannot_be_used_is_told_once_and_nothing_else_suffers(tmp_path: Path) -> None:
    with Client(tmp_path, [{"text": "Well."}]) as client:
        named: list[Any] = [{"type": "sse", "name": "old", "url": "http://x/", "headers": []}, {"name": "odd"}]
        session = begin(client, *named, {**program("gone"), "command": "/nowhere/at all"})
        said = ""
        while "gone are missing" not in said:
            client.prompt(session, "go")
            said = client.words("agent_thought_chunk")
        assert "The MCP server old of your editor is not used: it speaks sse" in said
        assert "The MCP server odd of your editor is not used: needs either command or url." in said
        assert "Your editor names it." in said
        client.prompt(session, "go")
        assert client.words("agent_thought_chunk").count("it speaks sse") == 1


def test_servers_of_the_settings_are_there_for_every_session(tmp_path: Path) -> None:
    config = f'[mcp.own]\ncommand = "{sys.executable}"\nargs = ["{SERVER}", "good"]\n'
    with Client(tmp_path, *SAYS, settings=config) as client:
        client.answers["session/request_permission"] = choose("allow_once")
        assert answered(client, begin(client)) == "echo hi"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "name", "command", "url", "args", "env", "headers"]),
            st.one_of(
                st.text(),
                st.none(),
                st.integers(),
                st.lists(st.one_of(st.text(), st.dictionaries(st.text(), st.text()))),
                st.sampled_from(["http", "stdio", "https://a/b", "a  b", "a__b"]),
            ),
        )
    )
)
def test_whatever_is_named_is_used_by_a_good_name_or_told(named: list[Json]) -> None:
    found, news = servers_of(named)
    assert len(found) + len(news) == len(named)
    for name in found:
        assert 0 < len(name) <= 32
        assert "__" not in name
        assert name.replace("_", "").replace("-", "").isalnum()
        assert name.isascii()
