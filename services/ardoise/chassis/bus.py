"""NATS as every service speaks it."""

import ssl

import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError

from ardoise.chassis.identity import credentials
from ardoise.chassis.nats_config import inbox_of
from ardoise.chassis.settings import CommonSettings

CONNECT_TIMEOUT_S = 5
RECONNECT_WAIT_S = 0.5
FIRST_CONNECT_ATTEMPTS = 60
REQUEST_TIMEOUT_S = 5.0
PING_INTERVAL_S = 5
PENDING_BYTES = 32 * 1024 * 1024

_log = structlog.get_logger(__name__)


class Bus:
    """A connection that comes back by itself; `nc` and `js` are nats-py's own."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self.js: JetStreamContext = nc.jetstream(timeout=REQUEST_TIMEOUT_S)

    @classmethod
    async def connect(cls, settings: CommonSettings, name: str) -> "Bus":
        """Connects as the holder `name`. Raises nats.errors.NoServersError after FIRST_CONNECT_ATTEMPTS."""
        tls: ssl.SSLContext | None = None
        if settings.plaintext:
            if settings.nats_url.startswith("tls://"):
                raise ValueError(
                    "plaintext is set but nats_url says tls://: write nats://, or unset plaintext"
                )
        else:
            tls = credentials(settings.identity_dir, name).client_context()

        async def disconnected() -> None:
            _log.warning("bus_disconnected", url=settings.nats_url)

        async def reconnected() -> None:
            _log.info("bus_reconnected", url=settings.nats_url)

        async def error(problem: Exception) -> None:
            _log.warning("bus_error", error=repr(problem))

        client = await nats.connect(
            settings.nats_url,
            name=name,
            # An inbox of its own: nobody reads what another service was answered.
            inbox_prefix=inbox_of(name),
            tls=tls,
            connect_timeout=CONNECT_TIMEOUT_S,
            allow_reconnect=True,
            max_reconnect_attempts=FIRST_CONNECT_ATTEMPTS,
            reconnect_time_wait=RECONNECT_WAIT_S,
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=2,
            pending_size=PENDING_BYTES,
            disconnected_cb=disconnected,
            reconnected_cb=reconnected,
            error_cb=error,
        )
        # The bound is for the first connection; an established one is tried again for as long as the process lives.
        client.options["max_reconnect_attempts"] = -1
        return cls(client)

    async def ensure_stream(self, config: StreamConfig) -> None:
        """Creates the stream where it is missing, brings its limits up to date where they differ."""
        try:
            info = await self.js.stream_info(config.name)
        except NotFoundError:
            await self.js.add_stream(config)
            return
        wanted = (config.max_bytes, config.max_msgs, config.discard)
        if (info.config.max_bytes, info.config.max_msgs, info.config.discard) != wanted:
            await self.js.update_stream(config)

    async def close(self) -> None:
        """Sends what is pending and closes; where the server is gone, so is what was pending."""
        try:
            # Not drain(): it waits 10 s for a server that is gone, and swallows cancellations (nats-py 2.16).
            await self.nc.close()
        except (OSError, RuntimeError, AttributeError) as error:
            # It writes what is pending to a TLS transport that has ended, which asyncio answers with one of these.
            _log.info("bus_closed_unsent", error=repr(error))
