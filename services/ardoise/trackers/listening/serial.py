"""A serial device: a receiver on a motorbike, a radio's data port. Unplugged, it is waited for."""

import asyncio
import contextlib
from collections.abc import Mapping

import structlog
from serial_asyncio_fast import open_serial_connection

from ardoise.trackers.listening.intake import Intake, too_slow
from ardoise.trackers.listening.stream import Conversation
from ardoise.trackers.listening.tcp import Connection

BAUD = 9_600
"""Where the source says none: what receivers have that come with no manual."""
BAUDS = (1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
AGAIN_FIRST_S = 0.5
AGAIN_MOST_S = 10.0
"""Between two tries to open it: doubled each time, until it has said something."""

SILENT = "it is silent"
UNREADABLE = "what it says is nothing of the protocol: is its baud another one?"

_log = structlog.get_logger(__name__)


class SerialPort:
    """open() begins to read, whether the device is there yet or not; close() ends it."""

    def __init__(self, path: str, intake: Intake, options: Mapping[str, str]) -> None:
        """Raises ValueError."""
        if not path.startswith("/"):
            raise ValueError(f"{path} is no serial device: write serial:///dev/ttyUSB0")
        baud = options.get("baud", str(BAUD))
        if baud not in map(str, BAUDS):
            raise ValueError(f"baud={baud}: there are {', '.join(map(str, BAUDS))}")
        self.address = path
        self._baud = int(baud)
        self._intake = intake
        self._converse = Conversation(intake, options)
        self._reading: asyncio.Task | None = None

    async def open(self) -> None:
        """Raises nothing: a device that is not there is waited for."""
        self._reading = asyncio.create_task(self._read_forever())

    async def close(self) -> None:
        """It is read no more."""
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_forever(self) -> None:
        again_s = AGAIN_FIRST_S
        away = ""
        while True:
            connection = None
            try:
                connection = await self._opened()
                if away:
                    _log.info("serial_back", device=self.address)
                away = ""
                why = UNREADABLE if await self._converse(connection) else SILENT
                again_s = AGAIN_MOST_S
            except TimeoutError:
                why = SILENT
                if connection is not None and connection.heard:
                    self._intake.refuse(too_slow("a message that does not end"), self.address)
                    why = UNREADABLE
            except OSError as error:  # SerialException is one.
                why = str(error) or repr(error)
                if connection is not None and connection.heard:
                    again_s = AGAIN_FIRST_S
            except Exception as error:  # Nobody waits for this task: it would end unheard.
                _log.exception("serial_failed", source=self._intake.source, device=self.address)
                why = repr(error)
            finally:
                if connection is not None:
                    await _end(connection)
            if why != away:
                _log.warning("serial_away", device=self.address, why=why)
                away = why
            await asyncio.sleep(again_s)
            again_s = min(2 * again_s, AGAIN_MOST_S)

    async def _opened(self) -> Connection:
        """Raises OSError."""
        reader, writer = await open_serial_connection(url=self.address, baudrate=self._baud, exclusive=True)
        return Connection(reader, writer, self.address, self._intake.limits)


async def _end(connection: Connection) -> None:
    connection.writer.transport.abort()
    with contextlib.suppress(OSError):
        await connection.writer.wait_closed()
