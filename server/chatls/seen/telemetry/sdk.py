"""OpenTelemetry's SDK and its OTLP exporter over HTTP, set up from the usual environment variables. Nothing is global.

Loaded where telemetry is wanted and the extra `otel` is installed. Takes some hundred milliseconds, for a thread.
"""

import logging
import re
from collections.abc import Callable, Mapping

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from chatls import __version__
from chatls.seen.telemetry.names import AGENT
from chatls.seen.telemetry.spans import KnownIds, Spans
from chatls.seen.telemetry.telemetry import is_sent
from chatls.seen.telemetry.texts import SaidTexts, are_wanted

log = logging.getLogger(__name__)

_PROTOCOL = re.compile(r"OTEL_EXPORTER_OTLP_((TRACES|METRICS)_)?PROTOCOL")


class Sdk:
    """Sends what `sink` is told. `clean` takes known keys out of a text."""

    def __init__(self, environment: Mapping[str, str], clean: Callable[[str], str]) -> None:
        named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": AGENT}
        resource = Resource.create({**named, "service.version": __version__})
        ids = KnownIds()
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=ids)
        readers: list[PeriodicExportingMetricReader] = []
        if any(value == "grpc" for name, value in environment.items() if _PROTOCOL.fullmatch(name)):
            log.warning(
                "OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and only http/protobuf is spoken here (docs/telemetry.md)"
            )
        if is_sent(environment, "TRACES"):
            self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        if is_sent(environment, "METRICS"):
            readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
        self._metrics = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        tracer = self._traces.get_tracer(AGENT, __version__)
        texts = SaidTexts(clean) if are_wanted(environment) else None
        self.sink = Spans(tracer, self._metrics.get_meter(AGENT, __version__), texts, ids)

    def flush(self, milliseconds: int) -> None:
        """Send what waits. Blocks."""
        self._traces.force_flush(milliseconds)
        self._metrics.force_flush(milliseconds)
