"""An attacker for tests: floods of refusals with invented identities, as ingest would record them.

Knows the contract of RefusalRecord and nothing of the service that reads it.
"""

import random
from collections.abc import Iterator

from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.telemetry_pb2 import RefusalReason

FIRST_INVENTED_TRACKER = 10**9
START_MS = 1_782_561_600_000


def invented_trackers(
    records: int,
    *,
    source: str = "moto-6",
    start_ms: int = START_MS,
    per_second: int = 5_000,
    repeats: int = 1,
) -> Iterator[RefusalRecord]:
    """Refusals of unknown trackers, every number invented and used `repeats` times in a row."""
    record = RefusalRecord(
        reason=RefusalReason.REFUSAL_REASON_UNKNOWN_TRACKER,
        source=source,
        peer="ipv4:192.0.2.66:40112",
        count=1,
    )
    for number in range(records):
        record.tracker = FIRST_INVENTED_TRACKER + number // repeats
        record.time_ms = start_ms + number * 1000 // per_second
        yield record


def invented_sources(records: int, *, seed: int, start_ms: int = START_MS) -> Iterator[RefusalRecord]:
    """Malformed frames from a source that has another name each time, 60 characters of noise."""
    rng = random.Random(seed)
    record = RefusalRecord(
        reason=RefusalReason.REFUSAL_REASON_MALFORMED, peer="ipv4:192.0.2.66:40112", count=100
    )
    for number in range(records):
        record.source = f"{rng.getrandbits(240):060x}"
        record.time_ms = start_ms + number
        record.excerpt = rng.randbytes(256)
        yield record
