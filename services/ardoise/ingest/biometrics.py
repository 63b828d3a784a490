"""Heart rate and power: a log of their own, in an account of their own, out of every other service's reach."""

from nats.js.api import DiscardPolicy, StorageType, StreamConfig

from ardoise.chassis.bus import Bus
from ardoise.ingest.publisher import Publisher
from ardoise.pb.telemetry_pb2 import BiometricFrame

IDENTITY = "biometrics"
STREAM = "BIOMETRIC"
STREAM_MAX_BYTES = 2 * 1024**3


class BiometricLog:
    """Writes what belongs to the teams. The bus is connected as IDENTITY."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._publisher = Publisher(bus)

    async def prepare(self) -> None:
        """Makes the stream."""
        await self._bus.ensure_stream(
            StreamConfig(
                name=STREAM,
                subjects=["bio.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.NEW,
                max_bytes=STREAM_MAX_BYTES,
            )
        )

    async def append(self, epoch: int, frame: BiometricFrame) -> int:
        """Writes one frame; returns its sequence in this log. Raises Failure as Publisher does."""
        return await self._publisher.publish(
            STREAM, f"bio.{epoch}.{frame.relay_id}", frame.SerializeToString()
        )
