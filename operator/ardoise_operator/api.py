"""The API server, as far as the operator asks it: statuses, events, Secrets."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError, LoadResourceError
from lightkube.models.core_v1 import EventSource, ObjectReference
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Event, Secret
from lightkube.types import PatchType

from ardoise_operator.events import Note
from ardoise_operator.kinds import API_VERSION, KINDS

MANAGER = "ardoise-operator"
REQUEST_LIMIT_S = 5.0
SHOWN = ("Site", "Replication")
NO_ANSWER, GONE, FORBIDDEN = "no answer", "404", "403"


class ApiTrouble(Exception):
    """A request came to nothing."""

    def __init__(self, cause: str, message: str, asked_s: float | None = None) -> None:
        """`cause`: the status code, or NO_ANSWER. `asked_s`: for how long the server wants to be left alone."""
        super().__init__(message)
        self.cause = cause
        self.asked_s = asked_s

    @property
    def passes(self) -> bool:
        """Whether the same request may be taken later."""
        return self.cause == NO_ANSWER or self.cause in ("409", "429") or self.cause.startswith("5")


@dataclass(frozen=True)
class About:
    """Which object."""

    kind: str
    name: str
    uid: str
    """Of another object that bears its name nothing is written."""


@dataclass(frozen=True)
class SecretFound:
    """A Secret's content."""

    version: str
    files: Mapping[str, bytes]


class Api:
    """In one namespace. Each call ends within REQUEST_LIMIT_S and raises ApiTrouble where it came to nothing."""

    def __init__(self, namespace: str) -> None:
        """`namespace`: empty: the pod's own, or the kubeconfig's. Raises ValueError where there is neither of them."""
        try:
            config = KubeConfig.from_env().get()
        except ConfigError as error:
            raise ValueError(
                f"there is no way to an API server: neither a pod's token nor KUBECONFIG ({error})"
            ) from error
        # trust_env: a machine's proxy does not lead to an API server.
        self._client = AsyncClient(
            config, namespace or None, httpx2.Timeout(REQUEST_LIMIT_S), field_manager=MANAGER, trust_env=False
        )
        self.namespace = self._client.namespace

    async def close(self) -> None:
        """Ends its connections."""
        await self._client.close()

    async def write_status(self, about: About, status: Mapping[str, Any]) -> None:
        """Makes an object's status what is given, whole: what stood there and is not given goes."""
        body = {
            "apiVersion": API_VERSION,
            "kind": about.kind,
            "metadata": {"name": about.name, "uid": about.uid},
            "status": status,
        }
        resource = KINDS[about.kind].Status
        await _within(self._client.patch(resource, about.name, body, patch_type=PatchType.APPLY, force=True))

    async def post_event(self, about: About, note: Note, at: datetime, reporter: str) -> None:
        """One more event of an object. `reporter`: who saw it."""
        event = Event(
            metadata=ObjectMeta(generateName=f"{about.name}.", namespace=self.namespace),
            involvedObject=ObjectReference(
                apiVersion=API_VERSION,
                kind=about.kind,
                name=about.name,
                namespace=self.namespace,
                uid=about.uid,
            ),
            type=note.type,
            reason=note.reason,
            message=note.message,
            source=EventSource(component=reporter),
            firstTimestamp=at,
            lastTimestamp=at,
            count=1,
        )
        await _within(self._client.create(event))

    async def secret(self, name: str) -> SecretFound:
        """A Secret's content."""
        found = await _within(self._client.get(Secret, name))
        files = {key: base64.b64decode(text) for key, text in (found.data or {}).items()}
        return SecretFound(found.metadata.resourceVersion, files)

    async def check_kinds(self) -> None:
        """Raises ApiTrouble where the server does not know our kinds, or does not let us list them."""
        for kind in SHOWN:
            await _within(self._count(KINDS[kind]))

    async def _count(self, resource: Any) -> int:
        return len([one async for one in self._client.list(resource)])


async def _within[T](request: Any) -> T:
    try:
        async with asyncio.timeout(REQUEST_LIMIT_S):
            return await request
    except httpx2.HTTPStatusError as error:
        said = error.status.message if isinstance(error, ApiError) else ""
        raise ApiTrouble(str(error.response.status_code), said or repr(error), _asked_s(error)) from error
    # KeyError: lightkube looks for the content type of every refusal, and a proxy's may have none.
    except (
        httpx2.HTTPError,
        TimeoutError,
        OSError,
        ConfigError,
        LoadResourceError,
        KeyError,
        ValueError,
    ) as error:
        raise ApiTrouble(NO_ANSWER, repr(error)) from error


def _asked_s(error: httpx2.HTTPStatusError) -> float | None:
    said = error.response.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None


def now() -> datetime:
    """Aware, in UTC."""
    return datetime.now(UTC)
