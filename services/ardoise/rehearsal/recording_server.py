"""A recording served over HTTP as the race centre serves a live stage, at any speed."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ardoise.ingest.racecentre.recording import Recording

STREAM_PATH = "/live-stream"
EVENT_TYPE = "update"


def recording_app(
    recording: Recording, speed: float, *, first: int = 0, with_setup: bool = True
) -> Starlette:
    """An ASGI application.

    Each connection to `/live-stream` gets the recording from event number `first`, or from the one after
    its Last-Event-ID. `with_setup` serves what the recording knows of the stage under the paths of the
    real site as well.
    """
    published = _published(recording) if with_setup else {}

    async def live_stream(request: Request) -> StreamingResponse:
        last = request.headers.get("last-event-id", "")
        begin = int(last) + 1 if last.isdecimal() else first

        async def body() -> AsyncIterator[str]:
            async for event in recording.play(speed, begin):
                yield f"event: {EVENT_TYPE}\nid: {event.event_id}\ndata: {event.text}\n\n"

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(body(), media_type="text/event-stream", headers=headers)

    async def rest(request: Request) -> Response:
        found = published.get(request.url.path)
        return Response(status_code=404) if found is None else JSONResponse(found)

    return Starlette(routes=[Route(STREAM_PATH, live_stream), Route("/{path:path}", rest)])


def _published(recording: Recording) -> dict[str, Any]:
    """Path -> document, as the real site has them."""
    year, rest = recording.stage_date.year, recording.rest
    stages = rest.get("stages") or {}
    number = stages.get(recording.stage_date.isoformat(), {}).get("stage", 0)
    return {
        f"/api/allCompetitors-{year}": rest.get("riders"),
        f"/api/team-{year}": rest.get("teams"),
        f"/api/stage-{year}": list(stages.values()),
        f"/api/checkpoint-{year}-{number}": rest.get("checkpoints"),
        f"/tdf/{year}/stage-{number}/trace.json": rest.get("trace"),
    }
