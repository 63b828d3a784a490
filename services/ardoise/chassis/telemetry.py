"""Logs, metrics, traces. One line of JSON an event; OpenTelemetry instruments, scraped by Prometheus.

Without a collector configured no span is recorded and nothing is exported: instruments only add numbers.
"""

import contextlib
import logging
import socket
import sys
import threading

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import start_http_server

from ardoise.chassis.identity import Credentials
from ardoise.chassis.settings import CommonSettings, host_and_port

WAKE_LIMIT_S = 1.0

_meter = metrics.get_meter("ardoise")
tracer = trace.get_tracer("ardoise")


def counter(name: str, unit: str, description: str) -> metrics.Counter:
    """A number that only grows. Names are dotted (ingest.frames); Prometheus shows ingest_frames_total."""
    return _meter.create_counter(name, unit, description)


def gauge(name: str, unit: str, description: str):
    """A number that goes up and down, set when it changes."""
    return _meter.create_gauge(name, unit, description)


def histogram(name: str, unit: str, description: str) -> metrics.Histogram:
    """A distribution."""
    return _meter.create_histogram(name, unit, description)


def configure_logging(level: str, **bound: str) -> None:
    """One JSON object a line on standard error; readable columns where that is a terminal."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # One line a request from the HTTP client and server libraries would drown the events.
    for chatty in ("httpx", "httpcore", "httpx2", "httpcore2", "aiohttp.access", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.contextvars.bind_contextvars(**bound)


class Telemetry:
    """The exporters of one process. start() and stop() once each."""

    def __init__(self, service: str, settings: CommonSettings, identity: Credentials | None) -> None:
        self._service = service
        self._settings = settings
        self._identity = identity
        self._meters: MeterProvider | None = None
        self._spans = None
        self._scrape = None
        self.scrape_port = 0

    def start(self) -> None:
        """Opens the scrape port (mutual TLS unless plaintext) and, where configured, the way to the collector."""
        resource = Resource.create(
            {"service.name": f"ardoise-{self._service}", "ardoise.site": self._settings.site}
        )
        readers = [PrometheusMetricReader()]
        if self._settings.otlp_endpoint:
            readers.append(self._start_otlp(resource))
        self._meters = MeterProvider(readers, resource=resource)
        metrics.set_meter_provider(self._meters)
        host, port = host_and_port(self._settings.scrape_listen)
        tls = {}
        if self._identity is not None:
            tls = {
                "certfile": str(self._identity.certificate),
                "keyfile": str(self._identity.key),
                "client_cafile": str(self._identity.ca),
                "client_auth_required": True,
            }
        self._scrape, _ = start_http_server(port, addr=host, **tls)
        self.scrape_port = self._scrape.server_port

    def _start_otlp(self, resource: Resource):
        # Imported here: the truck's image has no exporter, and a process without a collector need not load it.
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        endpoint = self._settings.otlp_endpoint.rstrip("/")
        self._spans = TracerProvider(resource=resource)
        self._spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
        trace.set_tracer_provider(self._spans)
        return PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics"))

    def stop(self) -> None:
        """Closes the scrape port and flushes what the collector has not got."""
        if self._scrape is not None:
            self._close_scrape_port()
        for provider in (self._meters, self._spans):
            if provider is not None:
                provider.shutdown()

    def _close_scrape_port(self) -> None:
        ending = threading.Thread(target=self._scrape.shutdown)
        ending.start()
        # Its loop looks only every half second whether it is to end, or when somebody calls: every service would stop
        # half a second later.
        with contextlib.suppress(OSError):
            socket.create_connection(self._scrape.server_address[:2], WAKE_LIMIT_S).close()
        ending.join()
        self._scrape.server_close()
