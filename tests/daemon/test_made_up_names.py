"""Names that a provider makes up reach a client in letters that can be seen, and not too many of them."""

import json
import re

import pytest

from chatls.visible import is_hidden
from tests.daemon.raw import Json
from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import Reply, Request, answered, streamed

ODD = [
    "read\u202eelif_",
    "read_file\n\nAllowed: yes",
    "read\u200b_file",
    "\x1b[2J\x07wipe",
    "a\u2028b\u2066c",
    "z" * 100_000,
]
LONGEST = 300


def check_seen(value: Json) -> None:
    """No text in it hides anything, or goes on and on."""
    for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(value, ensure_ascii=False)):
        shown = json.loads(f'"{quoted}"').replace("\n", " ")
        assert not any(map(is_hidden, shown)), repr(shown[:300])
        assert len(shown) < 5000


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_tool_that_does_not_exist_is_called_what_can_be_read(service: Service, name: str) -> None:
    service.server.play(streamed(call("{}", name), finish("tool_calls")), streamed(text("I see."), finish("stop")))
    turn = service.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    for item in turn.events:
        check_seen(item)
        assert len(item.get("name", "")) < LONGEST
        assert "\n" not in item.get("name", "") + item.get("title", "")
    [ended] = [item for item in turn.events if item["kind"] == "toolRunEnd"]
    assert ended["status"] == "failed"
    service.history()


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_model_that_its_server_makes_up_is_listed_in_letters_that_can_be_read(service: Service, name: str) -> None:
    def answer(request: Request) -> Reply:
        return answered({"data": [{"id": f"m{name}", "name": name}]})

    service.server.answer(answer)
    listed: Json = service.daemon.call("chat/models")
    [model] = [item for item in listed["models"] if item["provider"] == "web" and item["id"] != "web/m"]
    check_seen(listed)
    assert "\n" not in json.dumps(model, ensure_ascii=False)
    assert max(map(len, (model["id"], model["name"]))) < LONGEST
