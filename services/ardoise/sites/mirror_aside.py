"""Keeping a mirror under another name. NATS cannot rename: so a mirror of the mirror, which is promoted when full."""

from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamInfo, StreamSource

PREFIX = "ASIDE_"
MIN_BYTES = 1024 * 1024


def copies(stream: str, here: dict[str, StreamInfo]) -> list[str]:
    """Names of the finished copies of a stream, oldest first."""
    mine = [name for name in here if name.startswith(f"{PREFIX}{stream}_")]
    return sorted(
        (name for name in mine if here[name].config.mirror is None),
        key=lambda name: int(name.rpartition("_")[2]),
    )


async def set_aside(near: JetStreamContext, stream: str, here: dict[str, StreamInfo]) -> bool:
    """One step: begins the copy, or looks whether it is complete and makes it a stream of its own. True: it is kept."""
    name = f"{PREFIX}{stream}_{len(copies(stream, here)) + 1}"
    copy = here.get(name)
    if copy is None:
        await near.add_stream(_config(name, here[stream], StreamSource(name=stream)))
        return False
    if copy.state.messages < here[stream].state.messages:
        return False
    await near.update_stream(_config(name, here[stream], None))
    return True


def _config(name: str, original: StreamInfo, mirror: StreamSource | None) -> StreamConfig:
    return StreamConfig(
        name=name,
        mirror=mirror,
        # A stream of its own has subjects; nobody publishes to this one, and no leaf lets it pass.
        subjects=None if mirror else [f"aside.{name}"],
        storage=original.config.storage,
        discard=original.config.discard,
        # Streams reserve their bound: a copy takes what it needs, and what comes while it is made.
        max_bytes=2 * max(original.state.bytes, MIN_BYTES),
        deny_delete=True,
        deny_purge=True,
    )
