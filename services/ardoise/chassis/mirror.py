"""What a region's mirror of one of the truck's streams is: sites makes it, ingest trusts it, so both ask here."""

import hashlib

from nats.js.api import ExternalStream, RawStreamMsg, StreamConfig, StreamInfo, StreamSource

# Mirrors keep nothing of their origin's identity, and do not notice that it was deleted and made again
# (nats-server 2.15); so each says in its own metadata which one it was made from.
ORIGIN_CREATED = "ardoise.origin-created"
# A mirror leaves out the headers that only meant the moment of writing (nats-server 2.15).
_OF_THE_MOMENT = ("Nats-Expected-", "Nats-Batch-")


def api_of(site: str) -> str:
    """The JetStream API of another site, as it is reached over a leaf."""
    return f"$JS.{site}.API"


def created_of(info: StreamInfo) -> str:
    """When the stream was made: as good as its identity."""
    return info.created.isoformat() if info.created else ""


def mirror_config(origin: StreamInfo, edge: str) -> StreamConfig:
    """A mirror of the edge's stream: same name, same bounds, as little deletable; it binds no subject."""
    config = origin.config
    return StreamConfig(
        name=config.name,
        mirror=StreamSource(name=config.name, external=ExternalStream(api=api_of(edge))),
        metadata={ORIGIN_CREATED: created_of(origin)},
        storage=config.storage,
        discard=config.discard,
        max_bytes=config.max_bytes,
        max_msgs=config.max_msgs,
        deny_delete=config.deny_delete,
        deny_purge=config.deny_purge,
        allow_direct=config.allow_direct,
    )


def made_from(info: StreamInfo, edge: str) -> str:
    """created_of() the edge's stream that this one mirrors; empty where it is no such mirror."""
    mirror = info.config.mirror
    if mirror is None or mirror.external is None or mirror.external.api != api_of(edge):
        return ""
    return (info.config.metadata or {}).get(ORIGIN_CREATED, "")


def digest_of(message: RawStreamMsg) -> bytes:
    """The same for a message and for its copy in a mirror."""
    kept = [
        pair for pair in sorted((message.headers or {}).items()) if not pair[0].startswith(_OF_THE_MOMENT)
    ]
    return hashlib.blake2b(repr((message.subject, kept)).encode() + (message.data or b"")).digest()
