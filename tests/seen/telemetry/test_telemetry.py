"""OpenTelemetry, from the real daemon to an OTLP receiver on this machine, decoded by the official package."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chatls.content import Image, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.provider import ModelRequest
from chatls.seen.telemetry import texts
from chatls.seen.telemetry.facts import StepFacts
from chatls.seen.telemetry.texts import SaidTexts
from tests.daemon.conftest import Start, start
from tests.daemon.raw import CHATLS, KEY, KEY_VARIABLE, Daemon, Json
from tests.daemon.service import call, finish, text
from tests.support.http_server import Hang, Head, Raw, Request, ScriptedServer, answered, streamed

__all__ = ["start"]

MCP_SERVER = str(Path(__file__).parents[2] / "mcp" / "server.py")
WORDS, ANSWER, FILE = "canary-of-a-person", "canary-of-a-model", "canary-of-a-file"
SIDES = ("input", "output")
USAGE: Json = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4}}


def _say_nothing(*_: object, **__: object) -> None:
    """In place of what would be written on stderr."""


class Receiver:
    """Takes what is exported."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.bodies.append((self.path, body))
                self.send_response(200)
                self.end_headers()

            log_message = _say_nothing

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Any]:
        found = [ExportTraceServiceRequest.FromString(body) for path, body in self.bodies if path == "/v1/traces"]
        return [
            span
            for one in found
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> list[Any]:
        found = [ExportMetricsServiceRequest.FromString(body) for path, body in self.bodies if path == "/v1/metrics"]
        return [
            metric
            for one in found
            for resource in one.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def opened(start: Start, folder: Path, server: ScriptedServer, **variables: str) -> Daemon:
    root = folder / "ws"
    root.mkdir(exist_ok=True)
    (root / "a.txt").write_text(f"{FILE}\n")
    daemon = start(CHATLS, variables=variables)
    provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon.initialize({"providers": {"web": provider}, "model": "web/m"}, roots=[root], permission=True)
    return daemon


def told(span: Any) -> dict[str, Any]:
    """The attributes of a span."""

    def value(item: Any) -> Any:
        kind = item.WhichOneof("value")
        return [value(part) for part in item.array_value.values] if kind == "array_value" else getattr(item, kind)

    return {item.key: value(item.value) for item in span.attributes}


@pytest.mark.parametrize(("era", "sampler"), [("legacy", "always_off"), ("modern", "always_on")])
def test_a_server_is_told_the_span_that_its_work_hangs_below(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver, era: str, sampler: str
) -> None:
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_SAMPLER": sampler}
    daemon = opened(start, tmp_path, server, **wanted)
    own = {"command": sys.executable, "args": [MCP_SERVER, "good", era]}
    allowed = [{"tool": "own__*", "action": "allow"}]
    daemon.configure({**daemon.settings, "mcp": {"own": own}, "permissions": allowed})
    assert daemon.call("chat/tools", {"settled": True})["servers"][0]["state"] == "ready"
    server.play(
        streamed(call("{}", "own__environment"), finish("tool_calls"), USAGE), streamed(text("so"), finish("stop"))
    )
    turn = daemon.prompt()
    turn.result()
    parent = json.loads(turn.said())["_meta"]["traceparent"].split("-")
    assert daemon.leave() == 0
    if sampler == "always_off":
        assert (parent[-1], receiver.spans()) == ("00", [])
        return
    (span,) = [one for one in receiver.spans() if one.name == "execute_tool own__environment"]
    assert parent == ["00", span.trace_id.hex(), span.span_id.hex(), "01"]
    about = ("mcp.method.name", "network.transport", "mcp.protocol.version")
    assert [told(span)[name] for name in about] == ["tools/call", "pipe", "2026-07-28"]


def test_of_a_list_of_models_each_that_was_asked_has_a_span_and_the_turn_is_of_the_one_that_answered(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    daemon.configure({**daemon.settings, "model": ["web/m", "web/n"]})
    server.play(answered({"error": {"message": "no such key"}}, 401), streamed(text("yes"), finish("stop"), USAGE))
    assert daemon.prompt().result()["model"] == "web/n"
    assert daemon.leave() == 0
    spans = {span.name: told(span) for span in receiver.spans()}
    assert sorted(spans) == ["chat m", "chat n", "invoke_agent chatls"]
    assert (spans["chat m"]["error.type"], spans["chat m"]["gen_ai.request.model"]) == ("unauthorized", "m")
    assert [spans[name]["gen_ai.request.model"] for name in ("chat n", "invoke_agent chatls")] == ["n", "n"]


def test_what_a_summary_took_is_told_and_the_turn_is_the_sum(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    small = {**daemon.settings["providers"]["web"], "contextWindow": 8000}
    daemon.configure({"providers": {"web": small}, "model": "web/m"})

    def reply(asked: Request) -> Any:
        used = {"prompt_tokens": len(asked.body) // 4, "completion_tokens": 1500}
        return streamed(text("word " * 1500), finish("stop"), {"choices": [], "usage": used})

    server.answer(reply)
    turn = daemon.prompt(content="go " * 1000)
    result = turn.result()
    while "compactEnd" not in turn.kinds:
        turn = daemon.prompt(content="go " * 1000, sessionId=turn.session_id)
        result = turn.result()
    assert daemon.leave() == 0
    (shorter,) = [span for span in receiver.spans() if span.name == "chatls.compact"]
    (chat,) = [
        span for span in receiver.spans() if span.parent_span_id == shorter.parent_span_id and span.name == "chat m"
    ]
    assert told(shorter)["chatls.compact.reason"] == "threshold"
    sums = [told(shorter)[f"gen_ai.usage.{what}_tokens"] + told(chat)[f"gen_ai.usage.{what}_tokens"] for what in SIDES]
    assert sums == [result["usage"]["inputTokens"], result["usage"]["outputTokens"]]
    (tokens,) = [metric for metric in receiver.metrics() if metric.name == "gen_ai.client.token.usage"]
    assert {point.sum for point in tokens.histogram.data_points if told(point)["gen_ai.token.type"] == "output"} == {
        1500 * len(server.requests)
    }


def test_a_turn_is_a_tree_whose_numbers_are_those_of_its_result(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    reads = call('{"path": "a.txt"}', "read_file"), call('{"path": "b.txt"}', "read_file", 1)
    server.play(
        answered({"error": {"message": "busy"}}, 503, {"retry-after": "0"}),
        streamed(text("I "), text(ANSWER), *reads, finish("tool_calls"), USAGE),
        streamed(text("so"), finish("stop"), USAGE),
    )
    result = daemon.prompt(content=WORDS).result()
    assert daemon.leave() == 0
    spans = receiver.spans()
    (turn,) = [span for span in spans if span.name == "invoke_agent chatls"]
    children = [span for span in spans if span is not turn]
    assert {span.parent_span_id for span in children} == {turn.span_id}
    assert {span.trace_id for span in children} == {turn.trace_id}
    assert sorted(span.name for span in children) == ["chat m", "chat m"] + ["execute_tool read_file"] * 2
    assert all(
        turn.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano <= turn.end_time_unix_nano
        for span in children
    )
    about = told(turn)
    assert about["gen_ai.conversation.id"] == result["sessionId"]
    assert about["chatls.turn.id"] == result["turnId"]
    assert about["chatls.stop_reason"] == result["stopReason"] == "end_turn"
    assert about["chatls.steps"] == result["steps"] == 2
    assert about["chatls.chunks"] == result["chunks"] == 3
    assert dict(zip(about["chatls.tools"], about["chatls.tool_runs"], strict=True)) == result["tools"]
    assert about["gen_ai.usage.input_tokens"] == result["usage"]["inputTokens"] == 20
    first, second = sorted(
        (span for span in spans if span.name == "chat m"), key=lambda span: span.start_time_unix_nano
    )
    assert [event.name for event in first.events] == ["chatls.retry"]
    assert not second.events
    assert told(first)["chatls.chunks"] + told(second)["chatls.chunks"] == result["chunks"]
    assert told(first)["chatls.tool_calls"] == ["read_file", "read_file"]
    assert told(first)["gen_ai.response.finish_reasons"] == ["tool_calls"]
    statuses = sorted(told(span)["chatls.tool.status"] for span in spans if span.name.startswith("execute_tool"))
    assert statuses == ["completed", "failed"]
    lasted = (turn.end_time_unix_nano - turn.start_time_unix_nano) / 1e6
    assert abs(lasted - result["durationMs"]) < 500
    everything = repr(receiver.bodies)
    for canary in (WORDS, ANSWER, FILE, KEY):
        assert canary not in everything


def test_a_failed_and_a_cancelled_turn_say_so(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    made_up = streamed(call("{}", "made_up_" * 20), finish("tool_calls"), USAGE)
    server.play(made_up, answered({"error": {"message": "no"}}, 401), [Head(), Raw(b"")])
    failed = daemon.prompt(content="a").result()
    assert failed["error"]["kind"] == "unauthorized"
    slow = daemon.prompt(content="b")
    server.wait_for_requests(3)
    slow.cancel()
    slow.result()
    assert daemon.leave() == 0
    by_turn = {told(span)["chatls.turn.id"]: span for span in receiver.spans() if span.name.startswith("invoke")}
    kinds = {told(span)["error.type"] for span in by_turn.values()}
    assert kinds == {"unauthorized", "cancelled"}
    assert {told(span).get("error.type") for span in receiver.spans() if span.name == "chat m"} == {*kinds, None}
    (unknown,) = [span for span in receiver.spans() if span.name == "execute_tool _OTHER"]
    assert told(unknown)["gen_ai.tool.name"] == "made_up_" * 8
    assert told(unknown)["chatls.tool.ran"] is False
    assert "made_up" not in repr(receiver.metrics())
    assert by_turn[failed["turnId"]].status.code == 2


def test_a_person_who_was_asked_has_a_span_beside_the_call(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.url}/v1/traces")
    server.play(
        streamed(call('{"path": "new.txt", "content": "x"}', "write_file"), finish("tool_calls"), USAGE),
        streamed(text("so"), finish("stop"), USAGE),
    )
    turn = daemon.prompt(content="a")
    daemon.choose(turn.question(), "allow_once")
    turn.result()
    assert daemon.leave() == 0
    by_name = {span.name: span for span in receiver.spans()}
    asked, ran = by_name["chatls.permission write_file"], by_name["execute_tool write_file"]
    assert told(asked)["chatls.permission.outcome"] == "allow_once"
    assert asked.parent_span_id == ran.parent_span_id
    assert asked.end_time_unix_nano <= ran.start_time_unix_nano


def test_metrics_tell_durations_and_tokens_and_no_conversation(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=f"{receiver.url}/v1/metrics")
    server.play(streamed(text("a"), text("b"), finish("stop"), USAGE))
    session = daemon.prompt(content="a").result()["sessionId"]
    assert daemon.leave() == 0
    assert receiver.spans() == []
    names = {metric.name for metric in receiver.metrics()}
    assert names >= {
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.client.operation.time_per_output_chunk",
        "gen_ai.invoke_agent.duration",
    }
    (tokens,) = [metric for metric in receiver.metrics() if metric.name == "gen_ai.client.token.usage"]
    assert sorted(point.sum for point in tokens.histogram.data_points) == [4, 10]
    assert session not in repr(receiver.bodies)


CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


def test_where_a_person_wants_it_what_was_said_stands_in_spans_bounded_and_without_keys(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, CAPTURE: "span_only"}
    daemon = opened(start, tmp_path, server, **wanted)
    (tmp_path / "ws/a.txt").write_text(f"{FILE} {KEY} sk-{'x' * 40}\n" + "long line\n" * 2000)
    server.play(
        streamed(text(ANSWER), call('{"path": "a.txt"}', "read_file"), finish("tool_calls"), USAGE),
        streamed(text("so"), finish("stop"), USAGE),
    )
    daemon.prompt(content=f"{WORDS} {KEY}").result()
    assert daemon.leave() == 0
    first, second = sorted(
        (span for span in receiver.spans() if span.name == "chat m"), key=lambda span: span.start_time_unix_nano
    )
    (prompt,) = json.loads(told(first)["gen_ai.input.messages"])
    assert prompt["role"] == "user"
    assert any(WORDS in part["content"] for part in prompt["parts"])
    (instructions,) = json.loads(told(first)["gen_ai.system_instructions"])
    assert instructions["type"] == "text"
    (reply,) = json.loads(told(first)["gen_ai.output.messages"])
    assert (reply["role"], reply["finish_reason"]) == ("assistant", "tool_call")
    said, asked = reply["parts"]
    assert said == {"type": "text", "content": ANSWER}
    assert (asked["type"], asked["name"], asked["arguments"]) == ("tool_call", "read_file", {"path": "a.txt"})
    roles = [message["role"] for message in json.loads(told(second)["gen_ai.input.messages"])]
    assert roles == ["user", "assistant", "tool"]
    (response,) = json.loads(told(second)["gen_ai.input.messages"])[-1]["parts"]
    assert response["id"] == asked["id"]
    assert FILE in response["response"]
    assert response["response"].endswith("more characters]")
    (ran,) = [span for span in receiver.spans() if span.name.startswith("execute_tool")]
    assert json.loads(told(ran)["gen_ai.tool.call.arguments"]) == {"path": "a.txt"}
    assert FILE in told(ran)["gen_ai.tool.call.result"]
    everything = repr(receiver.bodies)
    assert KEY not in everything
    assert "x" * 40 not in everything


def message(kind: str, said: str) -> Message:
    match kind:
        case "user":
            return UserMessage((TextContent(said), Image("image/png", "AAAA")))
        case "assistant":
            return AssistantMessage(said, (ToolCall("c", said, {"a": said}),), said)
        case _:
            return ToolMessage((ToolResult("c", "t", said),))


messages = st.lists(
    st.builds(message, st.sampled_from(["user", "assistant", "tool"]), st.text(max_size=30)), min_size=1, max_size=8
)


@given(messages, st.integers(1, 400))
def test_the_newest_messages_are_told_and_how_many_are_not(said: list[Message], room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_MOST", room)
        step = StepFacts(1, 0, ModelRequest("m", "", tuple(said)))
        found = SaidTexts(str).of_step(step)
    told = json.loads(found["gen_ai.input.messages"])
    whole = json.loads(SaidTexts(str).of_step(step)["gen_ai.input.messages"])
    assert 1 <= len(told) <= len(said)
    assert told == whole[-len(told) :]
    assert found.get("chatls.input.messages_left_out", 0) == len(said) - len(told)
    assert "AAAA" not in repr(found)
    assert "gen_ai.output.messages" not in found


def test_a_collector_that_is_not_there_changes_nothing(start: Start, tmp_path: Path, server: ScriptedServer) -> None:
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    server.play(streamed(text("a"), finish("stop")))
    assert daemon.prompt(content="a").result()["stopReason"] == "end_turn"
    assert daemon.leave() == 0


def test_a_collector_that_hangs_keeps_nobody_from_leaving(start: Start, tmp_path: Path, server: ScriptedServer) -> None:
    with ScriptedServer() as collector:
        collector.answer(lambda _: [Hang()])
        daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        server.play(streamed(text("a"), finish("stop")))
        daemon.prompt(content="a").result()
        assert daemon.leave() == 0
        assert collector.requests


def test_where_the_extra_is_missing_one_warning_says_so(start: Start, tmp_path: Path, server: ScriptedServer) -> None:
    package = tmp_path / "packages/opentelemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('as if it were not installed')\n")
    missing = {"PYTHONPATH": str(package.parent)}
    daemon = opened(start, tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **missing)
    server.play(streamed(text("a"), finish("stop")))
    for _ in range(2):
        assert daemon.prompt(content="a").result()["stopReason"] == "end_turn"
    daemon.pardon("the extra `otel` is not installed")
    assert daemon.leave() == 0
    assert daemon.stderr.count("telemetry is wanted") == len(daemon.stderr.splitlines()) == 1


@pytest.mark.parametrize("disabled", ["", "true"])
def test_where_it_is_not_wanted_nothing_of_it_is_loaded(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver, disabled: str
) -> None:
    variables = {"OTEL_SDK_DISABLED": disabled, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url} if disabled else {}
    daemon = opened(start, tmp_path, server, **variables)
    server.play(streamed(text("a"), finish("stop")))
    daemon.prompt(content="a").result()
    loaded = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert "opentelemetry" not in loaded
    assert "_upb" not in loaded
    assert daemon.leave() == 0
    assert receiver.bodies == []
