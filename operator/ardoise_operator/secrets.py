"""Credentials as Site objects name them: Secrets, kept as files in a private directory, which TLS reads."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from ardoise_operator import instruments
from ardoise_operator.api import FORBIDDEN, GONE, Api, ApiTrouble
from ardoise_operator.sight import Silence

HOLDER = "operator"
LOOK_EVERY_S = 15.0
POLL_S = 0.5
WANTED = ("ca.pem", f"{HOLDER}.pem", f"{HOLDER}.key")
OF_CERT_MANAGER = {"ca.pem": "ca.crt", f"{HOLDER}.pem": "tls.crt", f"{HOLDER}.key": "tls.key"}
HOW_TO_MAKE = (
    "make it with ca.pem, operator.pem and operator.key (or ca.crt, tls.crt and tls.key, as cert-manager does), a "
    "certificate of the role race-operations: for trials `ardoise sites identities` makes these files"
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Held:
    """Credentials that are at hand: the files of `credentials(directory, HOLDER)`."""

    directory: Path
    version: str


def files_of(name: str, content: Mapping[str, bytes]) -> dict[str, bytes] | Silence:
    """The files of ours in a Secret, or what it lacks and how to mend it."""
    for names in (dict(zip(WANTED, WANTED, strict=True)), OF_CERT_MANAGER):
        if all(content.get(key) for key in names.values()):
            return {ours: content[key] for ours, key in names.items()}
    has = ", ".join(sorted(content)) or "nothing"
    return Silence("SecretIncomplete", f"the Secret {name} has {has}: {HOW_TO_MAKE}")


class Secrets:
    """Those that the newest Site objects name."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._root = Path(tempfile.mkdtemp(prefix="ardoise-operator-"))
        self._found: dict[str, Held | Silence] = {}
        self._asked_s: dict[str, float] = {}

    async def close(self) -> None:
        """Leaves none behind."""
        shutil.rmtree(self._root, ignore_errors=True)

    def held(self, name: str) -> Held | Silence:
        """Credentials of a Secret, or why there are none."""
        return self._found.get(name, Silence("SecretUnread", f"the Secret {name} is not read yet"))

    def name(self, names: Iterable[str]) -> None:
        """Which ones are to be kept; others are forgotten."""
        wanted = set(names)
        for gone in set(self._asked_s) - wanted:
            del self._asked_s[gone]
            self._replace(gone, None)
        for new in wanted - set(self._asked_s):
            self._asked_s[new] = float("-inf")

    async def run(self) -> None:
        """Reads them for ever, each every LOOK_EVERY_S."""
        while True:
            for name, asked_s in list(self._asked_s.items()):
                if time.monotonic() - asked_s >= LOOK_EVERY_S:
                    await self._read(name)
            await asyncio.sleep(POLL_S)

    async def _read(self, name: str) -> None:
        try:
            secret = await self._api.secret(name)
        except ApiTrouble as trouble:
            instruments.refused.add(1, {"what": "secret", "code": trouble.cause})
            self._not_read(name, trouble)
        else:
            self._take(name, secret.version, files_of(name, secret.files))
        if name in self._asked_s:
            self._asked_s[name] = time.monotonic()

    def _not_read(self, name: str, trouble: ApiTrouble) -> None:
        if trouble.cause == GONE:
            self._replace(name, Silence("SecretMissing", f"there is no Secret {name}: {HOW_TO_MAKE}"))
        elif trouble.cause == FORBIDDEN:
            message = f"the operator may not read the Secret {name}: add it to operator.secrets of the chart's values"
            self._replace(name, Silence("SecretForbidden", message))
        elif not isinstance(self._found.get(name), Held):
            # A server that is away takes nothing from who has read it before.
            self._replace(name, Silence("SecretUnread", f"the Secret {name} cannot be read: {trouble}"))

    def _take(self, name: str, version: str, files: dict[str, bytes] | Silence) -> None:
        before = self._found.get(name)
        if isinstance(before, Held) and before.version == version:
            return
        if isinstance(files, Silence):
            self._replace(name, files)
            return
        directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._root))
        for file, content in files.items():
            (directory / file).write_bytes(content)
        self._replace(name, Held(directory, version))
        _log.info("credentials_read", secret=name, version=version)

    def _replace(self, name: str, now: Held | Silence | None) -> None:
        before = self._found.pop(name, None)
        if isinstance(before, Held):
            shutil.rmtree(before.directory, ignore_errors=True)
        if now is None:
            return
        self._found[name] = now
        if isinstance(now, Silence) and now != before:
            _log.warning("no_credentials", secret=name, reason=now.reason, message=now.message)
