"""What drills and people do to three sites on one machine: a small HTTP interface on a Unix socket of the state."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, Self

import httpx
import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ardoise.chassis.web_server import WebServer
from ardoise.up.network import Condition

SOCKET_NAME = "control.sock"
ACTION_LIMIT_S = 120.0
MOST_AHEAD_S = 3600
"""Certificates of this day are valid an hour before and after, and nothing else is tried."""


class Action(StrEnum):
    """What is done to processes."""

    KILL = "kill"
    """SIGKILL, and they stay down until they are restored."""
    RESTART = "restart"
    """SIGKILL; the supervisor starts them again by itself, as it does after any death."""
    CUT_POWER = "cut-power"
    """All of the truck at once, and with it what its disk was not yet told to keep (`sites up --truck-disk`)."""
    KEEP_LOG = "keep-log"
    """Keeps a copy of what the truck's nats-server and ingest have on their disk now."""
    ROLL_BACK_LOG = "roll-back-log"
    """Kills them and puts that copy back: as a disk that forgot what it was told since. They stay down."""
    WIPE = "wipe"
    """Kills a member of etcd and takes all that it has on its disk. It stays down."""
    LOSE_WAL = "lose-wal"
    """Kills a region's Patroni and PostgreSQL and takes all WAL before the last checkpoint. They stay down."""
    FLIP_LOG_BIT = "flip-log-bit"
    """Kills a site's nats-server and flips a bit of its newest log. It stays down."""
    FILL_DISK = "fill-disk"
    """Takes all room that is left on the truck's disk (`sites up --truck-disk`)."""
    STALL_DISK = "stall-disk"
    """Whatever is written to the truck's disk waits for up to 2 s, again and again."""
    EASE_DISK = "ease-disk"
    """It has room again, and is as quick as before."""
    PAUSE = "pause"
    """SIGSTOP, children too."""
    RESUME = "resume"
    """SIGCONT, children too."""
    RESTORE = "restore"
    """Starts what was killed, in order, and waits until it is ready."""


class LinkChange(BaseModel):
    """How one direction of a link is to be from now on."""

    model_config = ConfigDict(extra="forbid")

    sender: str
    receiver: str
    cut: bool = False
    loss_percent: int = Field(0, ge=0, le=99)
    rate_kbit: int = Field(0, ge=0, le=10_000_000)
    delay_ms: int = Field(0, ge=0, le=60_000)

    def condition(self) -> Condition:
        """The same for the network."""
        return Condition(self.cut, self.loss_percent, self.rate_kbit, self.delay_ms)


class ClockChange(BaseModel):
    """What a site's clock shows from now on, against this machine's."""

    model_config = ConfigDict(extra="forbid")

    site: str
    ahead_s: int = Field(ge=-MOST_AHEAD_S, le=MOST_AHEAD_S)


class PartAction(BaseModel):
    """What is done to processes of one site."""

    model_config = ConfigDict(extra="forbid")

    site: str
    action: Action
    parts: list[str] = Field(default_factory=list, description="Empty: all of the site.")


class Refused(ValueError):
    """There is no such site, part or link, or it cannot be done now."""


class Controlled(Protocol):
    """What is controlled."""

    def state(self) -> dict[str, Any]: ...
    def set_link(self, sender: str, receiver: str, condition: Condition) -> None: ...
    def set_clock(self, site: str, ahead_s: int) -> None: ...
    async def act(self, site: str, action: Action, parts: list[str]) -> None: ...


def control_app(controlled: Controlled) -> Starlette:
    """GET /state, POST /link, POST /clock, POST /part. Errors are 400 with {"error": what to do instead}."""

    async def state(_: Request) -> Response:
        return JSONResponse(controlled.state())

    async def link(request: Request) -> Response:
        change = LinkChange.model_validate_json(await request.body())
        controlled.set_link(change.sender, change.receiver, change.condition())
        return JSONResponse(controlled.state())

    async def clock(request: Request) -> Response:
        change = ClockChange.model_validate_json(await request.body())
        controlled.set_clock(change.site, change.ahead_s)
        return JSONResponse(controlled.state())

    async def part(request: Request) -> Response:
        wanted = PartAction.model_validate_json(await request.body())
        await controlled.act(wanted.site, wanted.action, wanted.parts)
        return JSONResponse(controlled.state())

    return Starlette(
        routes=[
            Route("/state", state),
            Route("/link", _answering(link), methods=["POST"]),
            Route("/clock", _answering(clock), methods=["POST"]),
            Route("/part", _answering(part), methods=["POST"]),
        ]
    )


def _answering(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except (ValidationError, Refused, RuntimeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


async def serve_control(controlled: Controlled, directory: Path) -> None:
    """Serves until cancelled. Only who may enter the directory can control."""
    config = uvicorn.Config(
        control_app(controlled), uds=str(directory / SOCKET_NAME), log_level="warning", lifespan="off"
    )
    await WebServer(config).serve()


class Control:
    """The other end: `async with Control(directory) as control: await control.cut("truck", "london")`."""

    def __init__(self, directory: Path) -> None:
        """`directory`: state directory of the `ardoise sites up` that is to be controlled."""
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(directory / SOCKET_NAME)),
            base_url="http://control",
            timeout=ACTION_LIMIT_S,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def state(self) -> dict[str, Any]:
        """What runs, where, and how the links are. Raises Refused."""
        return await self._ask("GET", "/state", None)

    async def set_link(self, sender: str, receiver: str, condition: Condition) -> dict[str, Any]:
        """Makes one direction of a link so. Raises Refused."""
        change = LinkChange(sender=sender, receiver=receiver, **asdict(condition))
        return await self._ask("POST", "/link", change)

    async def set_clock(self, site: str, ahead_s: int) -> dict[str, Any]:
        """Sets a site's clock. Raises Refused."""
        return await self._ask("POST", "/clock", ClockChange(site=site, ahead_s=ahead_s))

    async def act(self, site: str, action: Action, *parts: str) -> dict[str, Any]:
        """Does something to processes of a site, all of them where none is named. Raises Refused."""
        return await self._ask("POST", "/part", PartAction(site=site, action=action, parts=list(parts)))

    async def _ask(self, method: str, path: str, body: BaseModel | None) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, content=body and body.model_dump_json())
        except httpx.TransportError as error:
            raise Refused("no `ardoise sites up` answers here: start it, or set ARDOISE_STATE_DIR") from error
        content = answer.json()
        if answer.status_code != httpx.codes.OK:
            raise Refused(content["error"])
        return content
