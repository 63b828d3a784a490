"""The API server of one context, as far as the plugin asks it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx2
from lightkube import ApiError, Client
from lightkube.core.exceptions import ConfigError
from lightkube.resources.core_v1 import Pod
from lightkube.types import PatchType
from msgspec import MsgspecError

from ardoise_operator.kinds import GROUP, KINDS, PLURALS
from ardoise_operator.plugin.kubeconfig import Access, opened
from ardoise_operator.plugin.problem import Problem

MANAGER = "kubectl-ardoise"
REQUEST_LIMIT_S = 10.0
OPERATOR_LABELS = {"app.kubernetes.io/name": "ardoise", "app.kubernetes.io/component": "operator"}
EVERYWHERE = "*"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, INVALID = 401, 403, 404, 409, 422

type Object = Mapping[str, Any]


class Silent(Problem):
    """The API server did not answer, or not with an answer: it may do so later."""


class Conflict(Problem):
    """The object was written by somebody else since it was read."""


class Unauthorized(Problem):
    """The credential is not, or no longer, let in."""


@dataclass(frozen=True)
class Asked:
    """What a request was for."""

    verb: str
    kind: str
    namespace: str
    name: str = ""

    @property
    def resource(self) -> str:
        """As RBAC has it."""
        return f"{PLURALS[self.kind]}.{GROUP}" if self.kind in PLURALS else f"{self.kind.lower()}s"


def refused(status: int, message: str, asked: Asked, context: str) -> Problem:
    """What an answer other than the one asked for means, and what to do."""
    where = "" if asked.namespace == EVERYWHERE else f" -n {asked.namespace}"
    if status == UNAUTHORIZED:
        return Unauthorized(
            f"{context} does not know you, log in anew: kubectl --context {context} auth whoami"
        )
    if status == FORBIDDEN:
        return Problem(
            f"you lack the right to {asked.verb} {asked.resource}{where or ' in all namespaces'} at {context}: "
            f"have it given, then see kubectl --context {context} auth can-i {asked.verb} {asked.resource}{where}"
        )
    if status == NOT_FOUND and not asked.name:
        return Problem(
            f"{context} knows no {asked.resource}: it is no region's cluster, or the chart was not installed there; "
            "give a region's with --context"
        )
    if status == NOT_FOUND:
        return Problem(f"there is no {asked.kind} {asked.name} in namespace {asked.namespace} of {context}")
    if status == CONFLICT:
        return Conflict(
            f"somebody else writes {asked.kind} {asked.name} at the same time: give the command again"
        )
    if status == INVALID:
        return Problem(f"{context} refuses it: {message}")
    if status >= 500 or status == httpx2.codes.TOO_MANY_REQUESTS:
        return Silent(f"{context} answers {status}: {message}; give the command again")
    return Problem(f"{context} answers {status}: {message}")


class Api:
    """Every method raises Problem."""

    def __init__(self, kubeconfig: str, context: str, namespace: str) -> None:
        """As the options say, each empty where it is not given."""
        self._given = kubeconfig, context, namespace
        self._access = opened(*self._given)
        self._client = _client(self._access)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    @property
    def context(self) -> str:
        """Its name."""
        return self._access.context

    @property
    def namespace(self) -> str:
        """The one that is asked."""
        return self._access.namespace

    @property
    def kubectl(self) -> list[str]:
        """How kubectl asks the same."""
        kubeconfig = [f"--kubeconfig={self._given[0]}"] if self._given[0] else []
        return ["kubectl", *kubeconfig, f"--context={self.context}", f"--namespace={self.namespace}"]

    def listed(self, kind: str, namespace: str = "") -> list[Object]:
        """All of a kind; `namespace` empty: of the one that is asked."""
        namespace = namespace or self.namespace
        asked = Asked("list", kind, namespace)
        found = self._answer(asked, lambda client: list(client.list(KINDS[kind], namespace=namespace)))
        return [one.to_dict() for one in found]

    def got(self, kind: str, name: str) -> Object:
        """One of them."""
        asked = Asked("get", kind, self.namespace, name)
        return self._answer(asked, lambda client: client.get(KINDS[kind], name)).to_dict()

    def patched(self, kind: str, name: str, change: Object, dry_run: bool = False) -> Object:
        """It, with these fields changed; `dry_run`: as it would be."""
        asked = Asked("patch", kind, self.namespace, name)
        return self._answer(
            asked,
            lambda client: client.patch(
                KINDS[kind], name, change, patch_type=PatchType.MERGE, dry_run=dry_run
            ),
        ).to_dict()

    def operator_pods(self) -> list[str]:
        """Names of the operator's pods that run."""
        asked = Asked("list", "Pod", self.namespace)
        found = self._answer(asked, lambda client: list(client.list(Pod, labels=OPERATOR_LABELS)))
        return [one.metadata.name for one in found if one.status.phase == "Running"]

    def _answer[T](self, asked: Asked, ask: Callable[[Client], T]) -> T:
        """A credential that ran out meanwhile is had anew, once."""
        try:
            return self._asked(asked, ask)
        except Unauthorized:
            self._client.close()
            self._access = opened(*self._given)
            self._client = _client(self._access)
            return self._asked(asked, ask)

    def _asked[T](self, asked: Asked, ask: Callable[[Client], T]) -> T:
        try:
            return ask(self._client)
        except httpx2.HTTPStatusError as error:
            message = error.status.message if isinstance(error, ApiError) else error.response.text
            raise refused(error.response.status_code, message, asked, self.context) from error
        # KeyError: lightkube looks for the content type of every refusal, and a proxy's may have none.
        except (httpx2.HTTPError, OSError, KeyError, MsgspecError) as error:
            raise Silent(
                f"{self._access.server} ({self.context}) does not answer: {error}; is it the region that is lost? "
                "The other one's cluster shows the same: --context"
            ) from error


def _client(access: Access) -> Client:
    try:
        return Client(
            access.config,
            access.namespace,
            httpx2.Timeout(REQUEST_LIMIT_S),
            field_manager=MANAGER,
            trust_env=not access.is_loopback,
            proxy=access.proxy,
        )
    except (ConfigError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise Problem(f"the context {access.context} cannot be used: {error}") from error
