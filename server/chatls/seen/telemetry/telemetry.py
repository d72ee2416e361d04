"""Whether telemetry is wanted, and the thread that sends it. OpenTelemetry is loaded in the thread, if at all."""

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Literal

from chatls.seen.telemetry.facts import CallFacts, CompactionFacts, StepFacts, TurnFacts
from chatls.seen.telemetry.tracing import is_sampled, trace_id, traceparent
from chatls.tools.tool import ForeignCall

log = logging.getLogger(__name__)

_SDK = "chatls.seen.telemetry.sdk"
_ENDPOINTS = tuple(f"OTEL_EXPORTER_OTLP_{name}ENDPOINT" for name in ("", "TRACES_", "METRICS_"))
_MOST = 10_000
"""Facts that wait for a thread that does not keep up; what comes then is dropped."""


def is_wanted(environment: Mapping[str, str], *, enabled: bool) -> bool:
    """Whether the environment or the settings want it.

    >>> is_wanted({}, enabled=False), is_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, enabled=False)
    (False, True)
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return enabled or any(environment.get(name) for name in _ENDPOINTS)


def is_sent(environment: Mapping[str, str], what: Literal["TRACES", "METRICS"]) -> bool:
    """Whether these go anywhere: unless only the others have an address."""
    if environment.get(f"OTEL_{what}_EXPORTER", "").lower() == "none":
        return False
    own = environment.get(f"OTEL_EXPORTER_OTLP_{what}_ENDPOINT")
    others = [environment.get(f"OTEL_EXPORTER_OTLP_{name}_ENDPOINT") for name in ("TRACES", "METRICS")]
    return bool(own or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or not any(others))


class Telemetry:
    """A `Sink` that hands on to a thread, once it has begun. Before that, or where nobody wants it, it does nothing."""

    def __init__(self, environment: Mapping[str, str], clean: Callable[[str], str]) -> None:
        """`clean` takes known keys out of a text; called in the thread."""
        self._environment = environment
        self._clean = clean
        self._queue: SimpleQueue[Callable[[Any], None] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._done = Event()
        self._sends = False
        self._flushing = 0.0

    def begin(self, *, enabled: bool) -> None:
        """Begin if it is wanted, and has not begun yet."""
        if self._thread is None and is_wanted(self._environment, enabled=enabled):
            self._thread = Thread(target=self._run, name="telemetry", daemon=True)
            self._sends = True
            self._thread.start()

    def end(self, patience: float) -> None:
        """Send what waits, for so many seconds at most. Blocks."""
        if self._thread is not None:
            self._flushing = patience
            self._queue.put(None)
            self._done.wait(patience)

    def traceparent(self, ids: tuple[str, str, str], about: ForeignCall) -> str | None:
        """What servers are told of the call (session, turn, call) that they are asked for; None where no spans are sent
        anywhere. `about` is told with its span."""
        if not (self._sends and all(ids) and is_sent(self._environment, "TRACES")):
            return None
        self._tell(lambda sink: sink.asked_outside(ids, about))
        return traceparent(*ids, sampled=is_sampled(self._environment, trace_id(*ids[:2])))

    def turn_begins(self, turn: TurnFacts) -> None:
        """`Sink.turn_begins`."""
        self._tell(lambda sink: sink.turn_begins(turn))

    def model_called(self, turn: TurnFacts, call: StepFacts) -> None:
        """`Sink.model_called`."""
        self._tell(lambda sink: sink.model_called(turn, call))

    def tool_called(self, turn: TurnFacts, call: CallFacts) -> None:
        """`Sink.tool_called`."""
        self._tell(lambda sink: sink.tool_called(turn, call))

    def shortened(self, turn: TurnFacts, change: CompactionFacts) -> None:
        """`Sink.shortened`."""
        self._tell(lambda sink: sink.shortened(turn, change))

    def turn_ended(self, turn: TurnFacts) -> None:
        """`Sink.turn_ended`."""
        self._tell(lambda sink: sink.turn_ended(turn))

    def _tell(self, what: Callable[[Any], None]) -> None:
        if self._thread is not None and self._queue.qsize() < _MOST:
            self._queue.put(what)

    def _run(self) -> None:
        try:
            sdk: Any = import_module(_SDK).Sdk(self._environment, self._clean)
        except ImportError:
            log.warning("telemetry is wanted, but the extra `otel` is not installed (docs/telemetry.md); none is sent")
            self._forget()
            return
        except Exception:  # what others wrote into the environment: it costs telemetry and nothing else
            log.exception("telemetry cannot begin; none is sent")
            self._forget()
            return
        while (what := self._queue.get()) is not None:
            try:
                what(sdk.sink)
            except Exception:  # a bug here may cost a span, and nothing else
                log.exception("a bug in telemetry")
        sdk.flush(round(self._flushing * 1000))
        self._done.set()

    def _forget(self) -> None:
        """Nobody takes anything: let go of what comes until the end."""
        self._sends = False
        while True:
            try:
                if self._queue.get(timeout=3600) is None:
                    self._done.set()
                    return
            except Empty:
                continue
