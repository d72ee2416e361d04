"""A picture from the workspace to the model, through the whole daemon; words where the model does not see."""

import base64
import json

import pytest

from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import Reply, Request, answered, streamed
from tests.workspace.test_picture import png

DATA = png(64, 48)
ENCODED = base64.b64encode(DATA).decode()
WORDS = "logo.png is a PNG image, 64x48 pixels"


@pytest.fixture
def looking(service: Service) -> Service:
    (service.daemon.folder / "root/logo.png").write_bytes(DATA)
    look = streamed(call('{"path": "logo.png"}', "read_file"), finish("tool_calls"))
    done = streamed(text("A black square."), finish("stop"))

    def answer(request: Request) -> Reply:
        asked = request.json()
        if asked["model"] == "blind" and "image_url" in json.dumps(asked):
            return answered({"error": {"message": "blind does not support image input"}}, 400)
        return done if "logo.png is" in json.dumps(asked) else look

    service.server.answer(answer)
    return service


def test_the_model_sees_what_read_file_shows_and_so_does_the_client(looking: Service) -> None:
    turn = looking.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    [ended] = [item for item in turn.events if item["kind"] == "toolRunEnd"]
    told, shown = ended["content"]
    assert told["text"].startswith(WORDS)
    assert shown == {"type": "image", "mimeType": "image/png", "data": ENCODED}
    *_, result, picture = looking.history()
    assert result["content"].startswith(WORDS)
    assert picture["role"] == "user"
    assert picture["content"][1]["image_url"]["url"] == f"data:image/png;base64,{ENCODED}"
    looking.prompt(content="And now?", sessionId=turn.result()["sessionId"]).result()
    assert ENCODED in json.dumps(looking.history()), "the picture stays in the conversation"


def test_a_model_that_cannot_see_is_told_in_words(looking: Service) -> None:
    for _ in range(2):  # the second time it is known
        turn = looking.prompt(model="web/blind")
        assert turn.result()["stopReason"] == "end_turn"
        result = looking.history()[-1]
        assert result["role"] == "tool"
        assert result["content"].startswith(WORDS)
        assert "cannot see" in result["content"]
        assert any("cannot see" in item["text"] for item in turn.events if item["kind"] == "notice")
    pictured = [request for request in looking.server.requests if ENCODED in request.body.decode()]
    assert len(pictured) == 1
