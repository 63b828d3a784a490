"""A stream's own copy, as nats-server makes and takes it: the same messages, sequence numbers and times.

The chunks are the server's (compressed, whole files of the stream) and are kept as they come. Beside them stands what
the stream was: its configuration and how far it went.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from nats.aio.msg import Msg

from ardoise.chassis.bus import REQUEST_TIMEOUT_S, Bus
from ardoise.chassis.log import STREAM_PREFIX, LogReader, stream_of

CHUNK_BYTES = 512 * 1024
# The server gives up after as long without an acknowledgement (nats-server 2.15).
SILENCE_LIMIT_S = 10.0
# Its last answer comes once it has read every message again.
RESTORE_LIMIT_S = 3600.0
CHUNKS, TOLD = ".snapshot", ".json"


class NotCopied(RuntimeError):
    """The server refused or fell silent; the message says which and why."""


async def save_logs(bus: Bus, directory: Path) -> dict[int, int]:
    """Copies every log that the site's nats-server has; the last sequence of each, by epoch. Raises NotCopied."""
    directory.mkdir(parents=True)
    saved = {}
    for epoch in await LogReader(bus).epochs():
        saved[epoch] = await save_stream(bus, stream_of(epoch), directory)
    return saved


async def save_stream(bus: Bus, stream: str, directory: Path) -> int:
    """Copies one stream; its last sequence. Raises NotCopied."""
    inbox = bus.nc.new_inbox()
    chunks: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await bus.nc.subscribe(inbox, cb=chunks.put)
    try:
        request = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": CHUNK_BYTES, "jsck": True}
        told = await _asked(bus, f"STREAM.SNAPSHOT.{stream}", request)
        with (directory / f"{stream}{CHUNKS}").open("wb") as file:
            while (chunk := await _next(chunks, stream)).data:
                await asyncio.to_thread(file.write, chunk.data)
                if chunk.reply:
                    await bus.nc.publish(chunk.reply)
        # The end says why, where it is not the end.
        if chunk.headers and chunk.headers.get("Status", "204") != "204":
            raise NotCopied(f"{stream}: {chunk.headers}")
    finally:
        await subscription.unsubscribe()
    kept = {"config": told["config"], "state": told["state"]}
    (directory / f"{stream}{TOLD}").write_text(json.dumps(kept, indent=1))
    return int(told["state"]["last_seq"])


async def restore_log(bus: Bus, stream: str, directory: Path) -> int:
    """Makes a log of its copy, as its origin and no mirror; its last sequence. Raises NotCopied, FileNotFoundError."""
    kept = json.loads((directory / f"{stream}{TOLD}").read_text())
    epoch = stream.removeprefix(STREAM_PREFIX)
    config = {key: value for key, value in kept["config"].items() if key not in ("mirror", "metadata")}
    config |= {"subjects": [f"log.{epoch}.>"], "mirror_direct": False}
    told = await _asked(bus, f"STREAM.RESTORE.{stream}", {"config": config, "state": kept["state"]})
    with (directory / f"{stream}{CHUNKS}").open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            answer = await bus.nc.request(told["deliver_subject"], chunk, timeout=SILENCE_LIMIT_S)
            if answer.data:
                raise NotCopied(f"{stream}: {_error(json.loads(answer.data))}")
    answer = await bus.nc.request(told["deliver_subject"], b"", timeout=RESTORE_LIMIT_S)
    made = _checked(stream, json.loads(answer.data))
    return int(made["state"]["last_seq"])


async def _next(chunks: asyncio.Queue[Msg], stream: str) -> Msg:
    try:
        async with asyncio.timeout(SILENCE_LIMIT_S):
            return await chunks.get()
    except TimeoutError as error:
        raise NotCopied(f"{stream}: nothing for {SILENCE_LIMIT_S:.0f} s") from error


async def _asked(bus: Bus, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = await bus.nc.request(
        f"$JS.API.{subject}", json.dumps(request).encode(), timeout=REQUEST_TIMEOUT_S
    )
    return _checked(subject, json.loads(answer.data))


def _checked(what: str, answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise NotCopied(f"{what}: {_error(answer)}")
    return answer


def _error(answer: dict[str, Any]) -> str:
    return str(answer.get("error", {}).get("description", answer))
