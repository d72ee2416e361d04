"""Turns as OpenTelemetry's spans and metrics. Loaded where telemetry is wanted; runs in a thread of its own.

    invoke_agent chatls                 the turn
    ├── chat MODEL                      one request to the model; its retries are events
    ├── chatls.permission TOOL          a person was asked
    ├── execute_tool TOOL               one call
    └── chatls.compact                  the history is made shorter

No text of a person, a file or a model is in them, unless `texts` is given; and no conversation in metrics.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import Meter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from chatls.content import Usage
from chatls.seen.telemetry import names, tracing
from chatls.seen.telemetry.facts import CallFacts, CompactionFacts, RetryFacts, StepFacts, TurnFacts
from chatls.seen.telemetry.texts import SaidTexts
from chatls.tools.tool import ForeignCall

_SECOND = 1e9


class KnownIds(RandomIdGenerator):
    """Names for traces and spans: by chance, unless the next one has its name already. For one thread."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        """Of a new trace."""
        found, self.trace = self.trace, 0
        return found or super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Of a new span."""
        found, self.span = self.span, 0
        return found or super().generate_span_id()


class Spans:
    """A `Sink`."""

    def __init__(self, tracer: Tracer, meter: Meter, texts: SaidTexts | None, ids: KnownIds) -> None:
        """`ids`: those of the tracer."""
        self._tracer = tracer
        self._ids = ids
        self._texts = texts
        self._turns: dict[str, Span] = {}
        """Those that run, by their ids."""
        self._outside: dict[tuple[str, ...], dict[str, Any]] = {}
        """What is known of calls that run, by the ids of the turn and the call."""
        seconds, tokens = list(names.SECOND_BUCKETS), list(names.TOKEN_BUCKETS)

        def measured(name: str, unit: str = "s") -> Any:
            buckets = seconds if unit == "s" else tokens
            return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=buckets)

        self._duration = measured(names.METRIC_DURATION)
        self._first_chunk = measured(names.METRIC_FIRST_CHUNK)
        self._per_chunk = measured(names.METRIC_PER_CHUNK)
        self._turn = measured(names.METRIC_TURN)
        self._tool = measured(names.METRIC_TOOL)
        self._tokens = measured(names.METRIC_TOKENS, "{token}")

    def turn_begins(self, turn: TurnFacts) -> None:
        """`Sink.turn_begins`."""
        about = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: names.AGENT,
            **_model(turn.model),
            names.CONVERSATION: turn.session,
            names.TURN: turn.turn,
            names.MODE: turn.mode,
        }
        name = f"{names.INVOKE_AGENT} {names.AGENT}"
        self._ids.trace = tracing.trace_id(turn.session, turn.turn)
        self._turns[turn.turn] = self._tracer.start_span(
            name, None, SpanKind.INTERNAL, about, start_time=turn.moment(turn.began)
        )

    def model_called(self, turn: TurnFacts, call: StepFacts) -> None:
        """`Sink.model_called`."""
        request, parameters = call.request, call.request.parameters
        about = {names.OPERATION: names.CHAT, **_model(call.model)}
        first = (call.first_chunk - call.began) / _SECOND if call.first_chunk else None
        told: dict[str, Any] = {
            **about,
            names.CONVERSATION: turn.session,
            names.REQUEST_STREAM: True,
            names.REQUEST_MAX_TOKENS: parameters.max_output_tokens,
            names.REQUEST_TEMPERATURE: parameters.temperature,
            names.REQUEST_REASONING: parameters.thinking,
            names.FINISH_REASONS: [call.stop] if call.stop else None,
            names.TIME_TO_FIRST_CHUNK: first,
            names.STEP: call.step,
            names.CHUNKS: call.chunks,
            names.TEXT_LENGTH: call.text,
            names.THINKING_LENGTH: call.thinking,
            names.CALLS: [one.name for one in call.calls] or None,
            names.MESSAGES: len(request.messages),
            names.OFFERED: len(request.tools),
            **_used(call.usage),
            **(self._texts.of_step(call) if self._texts else {}),
        }
        name = f"{names.CHAT} {about[names.REQUEST_MODEL]}"
        span = self._child(turn, name, SpanKind.CLIENT, call.began, told)
        _retried(span, turn, call.retries)
        _end(span, call.error, turn.moment(call.ended))
        failed = {**about, names.ERROR: call.error} if call.error else about
        self._duration.record((call.ended - call.began) / _SECOND, failed)
        if first is not None:
            self._first_chunk.record(first, about)
        if call.chunks > 1:
            self._per_chunk.record((call.ended - call.first_chunk) / _SECOND / (call.chunks - 1), about)
        self._count(call.usage, about)

    def tool_called(self, turn: TurnFacts, call: CallFacts) -> None:
        """`Sink.tool_called`."""
        tool = call.name if call.known else names.OTHER
        about = {names.OPERATION: names.EXECUTE_TOOL, names.TOOL_NAME: tool, names.TOOL_TYPE: "function"}
        told: dict[str, Any] = {
            **about,
            names.TOOL_NAME: call.name,
            names.TOOL_CALL: call.id,
            names.STEP: call.step,
            names.STATUS: call.status,
            names.RAN: bool(call.began),
            names.EARLY: call.early,
            names.WAITED: call.waited / _SECOND if call.asked else None,
            names.RESULT_LENGTH: call.length,
            **self._outside.pop((turn.turn, call.id), {}),
            **(self._texts.of_call(call) if self._texts else {}),
        }
        if call.asked:
            asked = {names.TOOL_CALL: call.id, names.STEP: call.step, names.OUTCOME: call.outcome}
            name = f"{names.PERMISSION} {tool}"
            waited = self._child(turn, name, SpanKind.INTERNAL, call.asked, asked)
            waited.end(turn.moment(call.asked + call.waited if call.outcome else call.ended))
        began = call.began or call.ended
        self._ids.span = tracing.span_id(turn.session, turn.turn, call.id)
        span = self._child(turn, f"{names.EXECUTE_TOOL} {tool}", SpanKind.INTERNAL, began, told)
        error = None if call.status == "completed" else call.status
        _end(span, error, turn.moment(call.ended))
        if call.began:
            failed = {**about, names.ERROR: error} if error else about
            self._tool.record((call.ended - call.began) / _SECOND, failed)

    def asked_outside(self, ids: tuple[str, str, str], about: ForeignCall) -> None:
        """A server of somebody else's is asked, because of the call (session, turn, call)."""
        told = {names.MCP_METHOD: about.method, names.MCP_VERSION: about.version, names.TRANSPORT: about.transport}
        self._outside[ids[1:]] = told

    def shortened(self, turn: TurnFacts, change: CompactionFacts) -> None:
        """`Sink.shortened`."""
        about = _model(change.model)
        told = {names.SHORTENED: change.reason, names.TOKENS_BEFORE: change.before, names.TOKENS_AFTER: change.after}
        span = self._child(turn, names.COMPACT, SpanKind.INTERNAL, change.began, told | about | _used(change.usage))
        _retried(span, turn, change.retries)
        self._count(change.usage, {names.OPERATION: names.CHAT, **about})
        span.end(turn.moment(change.ended))

    def turn_ended(self, turn: TurnFacts) -> None:
        """`Sink.turn_ended`."""
        span = self._turns.pop(turn.turn, None)
        if span is None:
            return
        told: dict[str, Any] = {names.STOP: turn.stop, names.STEPS: turn.steps, names.CHUNKS: turn.chunks}
        told |= _model(turn.model) | _used(turn.usage)
        told |= {names.TOOLS: list(turn.tools), names.TOOL_RUNS: list(turn.tools.values())} if turn.tools else {}
        span.set_attributes({name: value for name, value in told.items() if value is not None})
        error = turn.error.kind if turn.error else "cancelled" if turn.stop == "cancelled" else None
        _end(span, error, turn.moment(turn.ended))
        about = {names.OPERATION: names.INVOKE_AGENT, names.AGENT_NAME: names.AGENT}
        self._turn.record(turn.duration_ms / 1000, {**about, names.ERROR: error} if error else about)

    def _count(self, usage: Usage | None, about: dict[str, Any]) -> None:
        if usage is not None:
            self._tokens.record(usage.input_tokens, {**about, names.KIND_OF_TOKENS: "input"})
            self._tokens.record(usage.output_tokens, {**about, names.KIND_OF_TOKENS: "output"})

    def _child(self, turn: TurnFacts, name: str, kind: SpanKind, began: int, told: dict[str, Any]) -> Span:
        above = self._turns.get(turn.turn)
        context = trace.set_span_in_context(above) if above is not None else None
        attributes = {name: value for name, value in told.items() if value is not None}
        return self._tracer.start_span(name, context, kind, attributes, start_time=turn.moment(began))


def _model(name: str) -> dict[str, Any]:
    """`name`: "provider/model"."""
    provider, _, model = name.partition("/")
    return {names.PROVIDER: names.provider(provider), names.REQUEST_MODEL: model}


def _retried(span: Span, turn: TurnFacts, retries: list[RetryFacts]) -> None:
    for again in retries:
        what = {names.ATTEMPT: again.attempt, names.REASON: again.reason, names.DELAY: again.delay_ms / 1000}
        span.add_event(names.RETRY, what, turn.moment(again.at))


def _used(usage: Usage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        names.INPUT_TOKENS: usage.input_tokens,
        names.OUTPUT_TOKENS: usage.output_tokens,
        names.CACHE_READ_TOKENS: usage.cache_read_tokens or None,
        names.CACHE_WRITE_TOKENS: usage.cache_write_tokens or None,
    }


def _end(span: Span, error: str | None, at: int) -> None:
    if error is not None:
        span.set_attribute(names.ERROR, error)
        if error != "cancelled":
            span.set_status(Status(StatusCode.ERROR))
    span.end(at)
