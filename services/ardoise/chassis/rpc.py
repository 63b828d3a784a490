"""gRPC as every service speaks it: mutual TLS, roles, typed errors, health, reflection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from ardoise.chassis.identity import Caller, Role, caller_from_uris, credentials
from ardoise.chassis.settings import CommonSettings, host_and_port
from ardoise.chassis.telemetry import counter
from ardoise.pb import common_pb2

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
KEEPALIVE_MS = 10_000
KEEPALIVE_TIMEOUT_MS = 5_000
DRAIN_GRACE_S = 5.0
LISTENING_POLL_S = 0.02
ERROR_DOMAIN = "ardoise.dev"
EVERYBODY = frozenset(Role)
OPERATORS = frozenset({Role.SERVICE, Role.RACE_OPERATIONS, Role.SECURITY})

Reason = common_pb2.ErrorReason

_STATUS = {
    Reason.ERROR_REASON_ROLE_MISSING: grpc.StatusCode.PERMISSION_DENIED,
    Reason.ERROR_REASON_EPOCH_UNKNOWN: grpc.StatusCode.NOT_FOUND,
    Reason.ERROR_REASON_NO_ACTIVE_STAGE: grpc.StatusCode.UNAVAILABLE,
    Reason.ERROR_REASON_RIDER_UNKNOWN: grpc.StatusCode.NOT_FOUND,
    Reason.ERROR_REASON_PAGE_TOKEN_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.ERROR_REASON_FIELD_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.ERROR_REASON_LOG_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.ERROR_REASON_LOG_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Reason.ERROR_REASON_STORE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Reason.ERROR_REASON_DECISION_REJECTED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ERROR_REASON_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Reason.ERROR_REASON_LIMIT_EXCEEDED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.ERROR_REASON_DRAINING: grpc.StatusCode.UNAVAILABLE,
    Reason.ERROR_REASON_SETUP_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.ERROR_REASON_DECISION_IN_DOUBT: grpc.StatusCode.UNAVAILABLE,
    Reason.ERROR_REASON_SWITCHOVER_REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ERROR_REASON_BREAK_GLASS_REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ERROR_REASON_WITNESS_REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING: grpc.StatusCode.ABORTED,
}

_log = structlog.get_logger(__name__)
_failures = counter("rpc.failures", "1", "Calls that ended with an error, by method and reason.")


class Failure(Exception):
    """What a handler raises to answer with an error (AIP-193): a reason, retry advice, metadata."""

    def __init__(
        self,
        reason: common_pb2.ErrorReason,
        message: str,
        *,
        retry_after_ms: int | None = None,
        **metadata: Any,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.metadata = {key: str(value) for key, value in metadata.items()}

    @property
    def reason_name(self) -> str:
        """ "EPOCH_UNKNOWN", as it stands in ErrorInfo."""
        return Reason.Name(self.reason).removeprefix("ERROR_REASON_")

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC status of the reason."""
        return _STATUS.get(self.reason, grpc.StatusCode.UNKNOWN)

    def status(self) -> grpc.Status:
        """The error as gRPC sends it."""
        info = error_details_pb2.ErrorInfo(
            reason=self.reason_name, domain=ERROR_DOMAIN, metadata=self.metadata
        )
        details = [_pack(info)]
        if self.retry_after_ms is not None:
            delay = duration_pb2.Duration()
            delay.FromMilliseconds(self.retry_after_ms)
            details.append(_pack(error_details_pb2.RetryInfo(retry_delay=delay)))
        code, _ = self.code.value
        return rpc_status.to_status(status_pb2.Status(code=code, message=self.message, details=details))


def failure_of(error: grpc.RpcError) -> Failure:
    """The Failure inside a call's error, as a client sees it. Reason UNSPECIFIED where the server gave none."""
    message, reason, delay_ms, metadata = error.details() or error.code().name, 0, None, {}
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for packed in status_pb2.Status.FromString(value).details:
            if packed.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo.FromString(packed.value)
                metadata = dict(info.metadata)
                with contextlib.suppress(ValueError):
                    reason = Reason.Value(f"ERROR_REASON_{info.reason}")
            elif packed.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
                delay_ms = error_details_pb2.RetryInfo.FromString(packed.value).retry_delay.ToMilliseconds()
    return Failure(reason, message, retry_after_ms=delay_ms, **metadata)


def caller(context: grpc.aio.ServicerContext) -> Caller:
    """Who calls, proved by the certificate. Without TLS (explicit plaintext) everybody is race operations."""
    uris = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
    found = caller_from_uris(uris)
    if found is None:
        if b"ssl" not in context.auth_context().get("transport_security_type", ()):
            return Caller("plaintext", Role.RACE_OPERATIONS)
        raise Failure(
            Reason.ERROR_REASON_ROLE_MISSING, "the certificate names no role: issue one with a spiffe URI"
        )
    return found


@dataclass(frozen=True)
class Servicer:
    """One service to serve: its implementation, the generated adder, its full name, who may call what.

    `policy` maps method names ("Acknowledge") to roles; "*" is for every other method. Services of the platform
    are let in wherever operators are.
    """

    implementation: object
    add: Callable[[object, grpc.aio.Server], None]
    name: str
    policy: Mapping[str, frozenset[Role]]

    def allows(self, method: str, role: Role) -> bool:
        """Whether the role may call the method."""
        return role in self.policy.get(method, self.policy.get("*", frozenset()))


class _Gate(grpc.aio.ServerInterceptor):
    """Lets in whom the policy names; turns Failures into statuses and anything else into INTERNAL."""

    def __init__(self, servicers: tuple[Servicer, ...], *, plaintext: bool) -> None:
        self._servicers = {servicer.name: servicer for servicer in servicers}
        self._plaintext = plaintext

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.split("/")[1] not in self._servicers:
            return handler  # health and reflection: any holder of a certificate
        if handler.response_streaming:
            behaviour = handler.stream_stream or handler.unary_stream
            kind = (
                grpc.stream_stream_rpc_method_handler
                if handler.stream_stream
                else grpc.unary_stream_rpc_method_handler
            )
            return kind(
                self._streaming(method, behaviour), handler.request_deserializer, handler.response_serializer
            )
        behaviour = handler.stream_unary or handler.unary_unary
        kind = (
            grpc.stream_unary_rpc_method_handler
            if handler.stream_unary
            else grpc.unary_unary_rpc_method_handler
        )
        return kind(self._unary(method, behaviour), handler.request_deserializer, handler.response_serializer)

    def _admit(self, method: str, context: grpc.aio.ServicerContext) -> None:
        if self._plaintext:
            return
        _, service, name = method.split("/")
        who = caller(context)
        if not self._servicers[service].allows(name, who.role):
            raise Failure(
                Reason.ERROR_REASON_ROLE_MISSING,
                f"role {who.role} may not call {name}",
                role=who.role,
                method=method,
            )

    def _unary(self, method: str, behaviour: Callable) -> Callable:
        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            async with _typed_errors(method, context):
                self._admit(method, context)
                return await behaviour(request, context)

        return answer

    def _streaming(self, method: str, behaviour: Callable) -> Callable:
        async def answer(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            async with _typed_errors(method, context):
                self._admit(method, context)
                async with contextlib.aclosing(behaviour(request, context)) as responses:
                    async for response in responses:
                        yield response

        return answer


@contextlib.asynccontextmanager
async def _typed_errors(method: str, context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    try:
        yield
    except Failure as failure:
        _failures.add(1, {"method": method, "reason": failure.reason_name})
        await context.abort_with_status(failure.status())
    except (grpc.RpcError, grpc.aio.AbortError, grpc.aio.UsageError):
        raise
    except Exception:
        _failures.add(1, {"method": method, "reason": "INTERNAL"})
        _log.exception("rpc_failed", method=method)
        await context.abort(grpc.StatusCode.INTERNAL, "a fault of the server, logged there")


class RpcServer:
    """One gRPC port. start() opens it, drain() lets calls end within DRAIN_GRACE_S."""

    def __init__(self, name: str, settings: CommonSettings, servicers: tuple[Servicer, ...]) -> None:
        interceptors: list[grpc.aio.ServerInterceptor] = []
        if settings.otlp_endpoint:
            # Imported here: without a collector no call pays for tracing.
            from opentelemetry.instrumentation.grpc import aio_server_interceptor

            interceptors.append(aio_server_interceptor())
        interceptors.append(_Gate(servicers, plaintext=settings.plaintext))
        self._server = grpc.aio.server(
            interceptors=interceptors,
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.keepalive_time_ms", KEEPALIVE_MS),
                ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
                ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_MS // 2),
                ("grpc.so_reuseport", 0),
            ],
        )
        for servicer in servicers:
            servicer.add(servicer.implementation, self._server)
        self.health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        names = [servicer.name for servicer in servicers]
        reflection.enable_server_reflection(
            [*names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )
        self._names = ["", *names]
        host, port = host_and_port(settings.grpc_listen)
        address = f"{host}:{port}"
        if settings.plaintext:
            self.port = self._server.add_insecure_port(address)
        else:
            mine = credentials(settings.identity_dir, name)
            pair = (mine.key.read_bytes(), mine.certificate.read_bytes())
            tls = grpc.ssl_server_credentials([pair], mine.ca.read_bytes(), require_client_auth=True)
            self.port = self._server.add_secure_port(address, tls)

    async def start(self) -> None:
        """Opens the port and reports SERVING."""
        await self._server.start()
        for name in self._names:
            await self.health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """Reports NOT_SERVING, takes no new calls, ends the running ones."""
        await self.health.enter_graceful_shutdown()
        await self._server.stop(DRAIN_GRACE_S)


def channel(target: str, settings: CommonSettings, identity: str) -> grpc.aio.Channel:
    """A channel to a port of the platform, as the holder `identity`."""
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        # A restarted peer is found again within seconds, not after gRPC's default of two minutes.
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
    ]
    if settings.plaintext:
        return grpc.aio.insecure_channel(target, options=options)
    mine = credentials(settings.identity_dir, identity)
    tls = grpc.ssl_channel_credentials(
        mine.ca.read_bytes(), mine.key.read_bytes(), mine.certificate.read_bytes()
    )
    return grpc.aio.secure_channel(target, tls, options=options)


async def listening(target: str) -> None:
    """Returns once somebody listens at host:port: a channel's own attempts come seconds apart."""
    host, port = host_and_port(target)
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(LISTENING_POLL_S)
        else:
            writer.close()
            return


def _pack(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


assert set(_STATUS) == set(Reason.values()) - {Reason.ERROR_REASON_UNSPECIFIED}
