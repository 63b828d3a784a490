"""A service as a process of this machine: its argv, what it inherits, when it is ready."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from ardoise.chassis.rpc import channel, listening
from ardoise.chassis.settings import CommonSettings

READY_LIMIT_S = 60.0
SUPERVISOR = "supervisor"
"""Identity with which readiness is asked for."""
WEBHOOK_URL = "ARDOISE_SECURITY_WEBHOOK_URL"
SOURCES = "ARDOISE_SOURCES"
OSMAND_PORT = 5055
MQTT_PORT = 8883
"""At which phones expect a server of these protocols."""
PASSED_ON = (
    "ARDOISE_LOG_LEVEL",
    "ARDOISE_OTLP_ENDPOINT",
    WEBHOOK_URL,
    "ARDOISE_SECURITY_WEBHOOK_SEVERITY",
    "ARDOISE_SECURITY_RULES",
    SOURCES,
)
"""Settings of the services that whoever starts them all may give: everything else follows from what is started."""


def argv(*arguments: str) -> list[str]:
    """This very program with other arguments."""
    return [sys.executable, "-m", "ardoise", *arguments]


def inherited() -> dict[str, str]:
    """The environment without what is meant for this process alone."""
    return {
        key: value for key, value in os.environ.items() if not key.startswith("ARDOISE_") or key in PASSED_ON
    }


def serving(target: str, settings: CommonSettings) -> Callable[[], Awaitable[None]]:
    """Waits until the gRPC port answers. Raises TimeoutError after READY_LIMIT_S."""

    async def ready() -> None:
        async with asyncio.timeout(READY_LIMIT_S):
            await listening(target)
            async with channel(target, settings, SUPERVISOR) as opened:
                await opened.channel_ready()

    return ready
