"""One call to a service from the command line, and its errors in one line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import grpc
import typer

from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import channel, failure_of
from ardoise.chassis.settings import CommonSettings

CALL_LIMIT_S = 15.0
PERSON = "race-control"
HOLDERS = (PERSON, "supervisor", "operator", "sites")
"""Certificates to call with, the first that is there: of race operations, else a pod's own, which may only look."""

Target = Annotated[str, typer.Option(envvar="ARDOISE_INGEST_TARGET", help="host:port of ingest.")]
Epoch = Annotated[int, typer.Option(help="Epoch of the stage's log; 0: the live one.")]


class CallFailed(RuntimeError):
    """The service answered with an error. `lasting`: asked again it would answer the same."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


def who_calls(settings: CommonSettings) -> str:
    """Whose certificate to call with: race control's, made where the CA's key is, else the first that is there."""
    if (settings.identity_dir / "ca.key").exists() and not settings.plaintext:
        ensure_development_identity(settings.identity_dir, PERSON, Role.RACE_OPERATIONS)
    return next((name for name in HOLDERS if (settings.identity_dir / f"{name}.pem").exists()), PERSON)


def call[T](target: str, ask: Callable[[grpc.aio.Channel], Awaitable[T]]) -> T:
    """Runs `ask` on a channel to the target as race operations. Raises CallFailed with what the service said."""
    settings = CommonSettings()
    holder = who_calls(settings)

    async def ask_once() -> T:
        async with channel(target, settings, holder) as opened, asyncio.timeout(CALL_LIMIT_S):
            return await ask(opened)

    try:
        return asyncio.run(ask_once())
    except grpc.aio.AioRpcError as error:
        failure = failure_of(error)
        if error.code() is grpc.StatusCode.UNAVAILABLE and not failure.reason:
            raise CallFailed(
                f"nobody answers at {target} ({failure.message}): does `ardoise up` run, at its usual ports?"
            ) from error
        advice = f" (try again in {failure.retry_after_ms} ms)" if failure.retry_after_ms is not None else ""
        lasting = bool(failure.reason) and failure.retry_after_ms is None
        raise CallFailed(f"{failure.message}{advice}", lasting=lasting) from error
    except TimeoutError as error:
        raise CallFailed(
            f"{target} did not answer within {CALL_LIMIT_S:.0f} s: does `ardoise up` run?"
        ) from error
