"""A daemon that was stopped for longer than its limits allow looks first at what came meanwhile."""

import os
import signal
import time

import pytest

from tests.daemon.raw import Json
from tests.daemon.service import Service, finish, text
from tests.support.http_server import Chunk, Close, End, Head, Step, Wait, event

LIMIT = 0.3
LIMITS: Json = {"idleTimeout": LIMIT, "firstByteTimeout": LIMIT, "progressTimeout": LIMIT}
REST = [Chunk(event(text("and the rest"))), Chunk(event(finish("stop"))), Chunk(event("[DONE]"))]
ALIVE = Chunk(b": still there\n\n")
USED = Chunk(event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}))
BEGUN = Chunk(event(text("a beginning, ")))


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        ([], [Head(), *REST, End()]),
        ([Head()], [*REST, End()]),
        ([Head(), BEGUN], [*REST, End()]),
        ([Head(), BEGUN], [ALIVE, ALIVE, *REST, End()]),
        ([Head(), BEGUN, ALIVE], [ALIVE, *REST, Close()]),
        ([Head(), BEGUN, Chunk(event(finish("stop")))], [USED, Chunk(event("[DONE]")), End()]),
    ],
    ids=["no head", "no data", "data", "signs of life and data", "the end of the connection", "the last words"],
)
def test_a_turn_survives_a_stop(service: Service, before: list[Step], meanwhile: list[Step]) -> None:
    service.daemon.configure({**service.daemon.settings, "limits": LIMITS})
    service.server.play([*before, Wait("stopped"), *meanwhile])
    turn = service.prompt()
    if BEGUN in before:
        turn.event("textChunk")
    service.server.wait_for_requests(1)
    os.kill(service.daemon.pid, signal.SIGSTOP)
    try:
        service.server.open("stopped")
        time.sleep(3 * LIMIT)  # what is tested is that time passes
    finally:
        os.kill(service.daemon.pid, signal.SIGCONT)
    result = turn.result()
    assert (result["stopReason"], result.get("error")) == ("end_turn", None)
    assert (turn.text.endswith("and the rest"), result["usage"] is not None) == (
        USED not in meanwhile,
        USED in meanwhile,
    )
