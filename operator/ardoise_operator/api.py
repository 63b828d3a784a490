"""The API server, as far as the operator asks it: statuses, events, Secrets, and what runs of drills are made of."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError, LoadResourceError
from lightkube.models.core_v1 import EventSource, ObjectReference, PodTemplateSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import DeploymentScale, StatefulSetScale
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Event, PodTemplate, Secret
from lightkube.types import CascadeType, PatchType

from ardoise_operator.events import Note
from ardoise_operator.kinds import API_VERSION, KINDS

MANAGER = "ardoise-operator"
REQUEST_LIMIT_S = 5.0
SHOWN = ("Site", "Replication", "Drill")
NO_ANSWER, GONE, FORBIDDEN, THERE = "no answer", "404", "403", "409"
NAMES_ALONE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
SCALES = {"statefulsets": StatefulSetScale, "deployments": DeploymentScale}


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
    """Another object may bear its name by now."""


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
        """Makes an object's status what is given, whole: what stood there and is not given goes.

        Trouble with THERE: it was written, but to another object of this name, for a server heeds no uid in a status.
        """
        body = {
            "apiVersion": API_VERSION,
            "kind": about.kind,
            "metadata": {"name": about.name},
            "status": status,
        }
        resource = KINDS[about.kind].Status
        patch = self._client.patch(resource, about.name, body, patch_type=PatchType.APPLY, force=True)
        written = await _within(patch)
        if written.metadata.uid != about.uid:
            raise ApiTrouble(THERE, f"{about.name} was made anew")

    async def post_event(self, about: About, note: Note, at: datetime, reporter: str) -> None:
        """An event of an object; one that was taken before is not told again. `reporter`: who saw it."""
        event = Event(
            metadata=ObjectMeta(name=_event_name(about, note, at), namespace=self.namespace),
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
        await self.make(event)

    async def secret(self, name: str) -> SecretFound:
        """A Secret's content."""
        found = await _within(self._client.get(Secret, name))
        files = {key: base64.b64decode(text) for key, text in (found.data or {}).items()}
        return SecretFound(found.metadata.resourceVersion, files)

    async def generation(self, about: About) -> int | None:
        """Of an object's spec, as it stands now; None: it is not there any more."""
        found = await self._found(self._client.get(KINDS[about.kind], about.name))
        return found.metadata.generation if found is not None and found.metadata.uid == about.uid else None

    async def pod_template(self, name: str) -> PodTemplateSpec | None:
        """A PodTemplate's pod; None: there is none."""
        found = await self._found(self._client.get(PodTemplate, name))
        return found.template if found is not None else None

    async def config_maps(self, label: str) -> dict[str, str]:
        """Resource versions of those that have this label, by name; what is in them may be large."""
        return await _within(self._versions(ConfigMap, label))

    async def config_map(self, name: str) -> ConfigMap | None:
        """None: there is none."""
        return await self._found(self._client.get(ConfigMap, name))

    async def make(self, thing: ConfigMap | Job | Event) -> None:
        """Does nothing where one of this name is there."""
        try:
            await _within(self._client.create(thing))
        except ApiTrouble as trouble:
            if trouble.cause != THERE:
                raise

    async def put_data(self, name: str, data: Mapping[str, str], version: str) -> None:
        """Into a ConfigMap, unless it was changed since it had this version."""
        body = {"metadata": {"resourceVersion": version}, "data": data}
        await _within(self._client.patch(ConfigMap, name, body, patch_type=PatchType.MERGE))

    async def job(self, name: str) -> Job | None:
        """None: there is none."""
        return await self._found(self._client.get(Job, name))

    async def suspend(self, job: str) -> None:
        """Ends a Job's pods with SIGTERM, and makes no other."""
        body = {"spec": {"suspend": True}}
        await _within(self._client.patch(Job, job, body, patch_type=PatchType.MERGE))

    async def scale(self, kind: str, name: str, replicas: int) -> bool:
        """`kind`: of SCALES. False: there is no such object."""
        body = {"spec": {"replicas": replicas}}
        resource = SCALES[kind]
        return (
            await self._found(self._client.patch(resource, name, body, patch_type=PatchType.MERGE))
            is not None
        )

    async def delete_run(self, name: str) -> None:
        """A Job with its pods and, last, for it is found by that, the ConfigMap. They may be gone already."""
        for kind in (Job, ConfigMap):
            await self._found(self._client.delete(kind, name, cascade=CascadeType.BACKGROUND))

    async def check_kinds(self) -> None:
        """Raises ApiTrouble where the server does not know our kinds, or does not let us list them."""
        for kind in SHOWN:
            await self.uids(kind)

    async def uids(self, kind: str) -> set[str]:
        """Of all objects of a kind of ours."""
        return await _within(self._uids(KINDS[kind]))

    async def _uids(self, resource: Any) -> set[str]:
        return {one.metadata.uid async for one in self._client.list(resource)}

    async def _versions(self, resource: Any, label: str) -> dict[str, str]:
        # Lightkube's own lists ask for whole objects.
        client = self._client._client
        asked = client.prepare_request("list", res=resource, params={"labelSelector": label})
        asked.headers = {"Accept": NAMES_ALONE}
        answer = await client.send(client.build_adapter_request(asked))
        client.raise_for_status(answer)
        found = [one["metadata"] for one in answer.json()["items"] or ()]
        return {about["name"]: about["resourceVersion"] for about in found}

    async def _found(self, request: Any) -> Any:
        """None where there is no such object."""
        try:
            return await _within(request)
        except ApiTrouble as trouble:
            if trouble.cause == GONE:
                return None
            raise


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


def _event_name(about: About, note: Note, at: datetime) -> str:
    """By what it says: one that was taken, and whose answer was lost, bears the same when it is posted again."""
    said = "\n".join((about.uid, *note, at.isoformat()))
    return f"{about.kind.lower()}.{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _asked_s(error: httpx2.HTTPStatusError) -> float | None:
    said = error.response.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None


def now() -> datetime:
    """Aware, in UTC."""
    return datetime.now(UTC)
