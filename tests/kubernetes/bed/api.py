"""A client of one API server, with no more than the bed asks of it."""

import base64
import json
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

REQUEST_LIMIT_S = 10.0
WATCH_S = 240
"""After so long a watch is ended by the server and begun again."""
MANAGER = "ardoise-bed"


class ApiRefused(RuntimeError):
    """The server answered, and not with what was asked for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """As the user of a kubeconfig that has everything embedded."""

    def __init__(self, kubeconfig: Path, limit_s: float = REQUEST_LIMIT_S) -> None:
        """`limit_s`: of a request."""
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        # Python reads certificates of its own from files only.
        with tempfile.NamedTemporaryFile(suffix=".pem") as pair:
            for key in ("client-certificate-data", "client-key-data"):
                pair.write(base64.b64decode(user[key]))
            pair.flush()
            context.load_cert_chain(pair.name)
        # trust_env: a proxy of the machine does not lead to a bed.
        self._client = httpx.Client(
            base_url=cluster["server"], verify=context, timeout=limit_s, trust_env=False
        )

    def close(self) -> None:
        """Ends its connections."""
        self._client.close()

    def ready(self) -> bool:
        """Whether the server says that it is."""
        try:
            return self._client.get("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> dict[str, Any]:
        """Raises ApiRefused, httpx.HTTPError; so do all below."""
        return self._answer(self._client.get(path))

    def items(self, path: str) -> list[dict[str, Any]]:
        """Of a list."""
        return self.get(path)["items"]

    def create(self, path: str, thing: dict[str, Any]) -> None:
        """Nothing happens where it exists."""
        answer = self._client.post(path, json=thing)
        if answer.status_code != httpx.codes.CONFLICT:
            self._answer(answer)

    def apply(self, path: str, thing: dict[str, Any]) -> None:
        """Creates it or makes it so."""
        self._patch(path, thing, "application/apply-patch+yaml", {"fieldManager": MANAGER, "force": "true"})

    def merge(self, path: str, change: dict[str, Any]) -> None:
        """Changes those fields."""
        self._patch(path, change, "application/merge-patch+json", {"fieldManager": MANAGER})

    def delete(self, path: str) -> None:
        """Nothing happens where it is gone."""
        answer = self._client.delete(path)
        if answer.status_code != httpx.codes.NOT_FOUND:
            self._answer(answer)

    def changes(self, path: str) -> Iterator[None]:
        """One for each change of a list from now on, for WATCH_S."""
        limits = httpx.Timeout(REQUEST_LIMIT_S, read=WATCH_S + REQUEST_LIMIT_S)
        asked = {"watch": "1", "timeoutSeconds": str(WATCH_S)}
        with self._client.stream("GET", path, params=asked, timeout=limits) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                self._answer(answer)
            for _ in answer.iter_lines():
                yield

    def _patch(self, path: str, change: dict[str, Any], kind: str, asked: dict[str, str]) -> None:
        headers = {"Content-Type": kind}
        content = json.dumps(change).encode()
        self._answer(self._client.patch(path, content=content, headers=headers, params=asked))

    @staticmethod
    def _answer(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_success:
            return answer.json()
        try:
            message = answer.json()["message"]
        except (ValueError, KeyError, TypeError):
            message = answer.text[:200]
        raise ApiRefused(answer.status_code, message)
