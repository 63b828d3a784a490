"""The set-up of the stage that a stream shows, from where race centres publish it.

The lists of riders, teams, stages and checkpoints are at ``/api/<name>`` of the stream's own origin. The
trace (the road) is published in a bucket whose address changes with the season, so that is tried at the
origin under the paths that mirrors use, and at `trace_url` where one is given.
"""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx

from ardoise.ingest.racecentre.client import RaceCentreStream
from ardoise.ingest.racecentre.decoder import TELEMETRY_BIND, Telemetry
from ardoise.ingest.racecentre.stage import NoRoute, stage_setup, stages_by_date
from ardoise.pb import setup_pb2

REQUEST_TIMEOUT_S = 15.0
MOST_BYTES = 32 * 1024 * 1024
TRACE_PATHS = (
    "/api/trace-{year}-{stage}",
    "/tdf/{year}/stage-{stage}/trace.json",
    "/stage-{stage}/trace.json",
    "/trace.json",
)


async def discover_setup(
    stream_url: str, http: httpx.AsyncClient, trace_url: str = ""
) -> setup_pb2.StageSetup:
    """Waits for the stream's first telemetry, which says the day, and fetches what belongs to it.

    `trace_url`: where the trace is, with {year} and {stage}; empty: at the stream's origin.
    Raises NoRoute (which says how to give the set-up), StreamRefused, TimeoutError.
    """
    telemetry = await RaceCentreStream(stream_url, http, must_answer=True).first_telemetry()
    stage_date = datetime.fromtimestamp(telemetry.time_ms / 1000, UTC).date()
    year = _year(telemetry, stage_date.year)
    rest: dict[str, Any] = {
        "riders": await _fetch(http, urljoin(stream_url, f"/api/allCompetitors-{year}")),
        "teams": await _fetch(http, urljoin(stream_url, f"/api/team-{year}")),
        "stages": stages_by_date(await _fetch(http, urljoin(stream_url, f"/api/stage-{year}"))),
    }
    number = rest["stages"].get(stage_date.isoformat(), {}).get("stage", 0)
    rest["checkpoints"] = await _fetch(http, urljoin(stream_url, f"/api/checkpoint-{year}-{number}"))
    tried = []
    for template in (trace_url,) if trace_url else TRACE_PATHS:
        url = urljoin(stream_url, template.format(year=year, stage=number))
        rest["trace"] = await _fetch(http, url)
        if isinstance(rest["trace"], dict) and "routePoints" in rest["trace"]:
            return stage_setup(rest, stage_date, telemetry.bib)
        tried.append(url)
    raise NoRoute(
        f"{stream_url} shows riders of {stage_date.isoformat()}, but nothing says on which road: "
        f"no trace at {', '.join(tried)}. A road cannot be learnt from riders who have not ridden it yet: "
        "give the stage with SETUP=<a recording of it (.json.gz), or an event file (.yaml)>"
    )


def _year(telemetry: Telemetry, fallback: int) -> int:
    suffix = telemetry.bind.removeprefix(TELEMETRY_BIND).lstrip("-")
    return int(suffix) if suffix.isdecimal() and len(suffix) == 4 else fallback


async def _fetch(http: httpx.AsyncClient, url: str) -> Any:
    """The JSON at a URL; None where there is none."""
    try:
        async with http.stream("GET", url, timeout=REQUEST_TIMEOUT_S, follow_redirects=True) as response:
            if response.status_code != 200:
                return None
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    return None
        return json.loads(bytes(content))
    except (httpx.HTTPError, ValueError, RecursionError):
        return None
