"""Between an operator and its API server: answers in its place, is slow, goes silent, refuses."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

HOP_HEADERS = {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding"}
RETRY_AFTER_S = 1


class ApiProxy:
    """Forwards as the kubeconfig's user; what is set is so from the next request on."""

    def __init__(self) -> None:
        self.answers = 0
        """A status with which writes are refused; 0: they are forwarded."""
        self.delay_s = 0.0
        """In front of each request."""
        self.answers_watches = 0
        """The same for watches."""
        self.down = False
        """Connections are broken off."""
        self.refused = 0
        self._silent: set[web.StreamResponse] = set()
        self._watches: dict[web.StreamResponse, asyncio.Transport] = {}

    @property
    def watches(self) -> int:
        """How many are open."""
        return len(self._watches)

    def silence(self) -> None:
        """Open watches hear nothing any more, and are not closed."""
        self._silent |= self._watches.keys()

    def end_watches(self) -> None:
        """Breaks the open ones off."""
        for transport in list(self._watches.values()):
            transport.abort()

    @asynccontextmanager
    async def served(self, kubeconfig: Path) -> AsyncIterator[str]:
        """At a URL of loopback without TLS, for the server of this kubeconfig."""
        config = yaml.safe_load(kubeconfig.read_text())
        self._server = config["clusters"][0]["cluster"]["server"]
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_context(config, kubeconfig.parent), limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        ) as self._session:
            runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            try:
                host, port = runner.addresses[0][:2]
                yield f"http://{host}:{port}"
            finally:
                await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(self.delay_s)
        if self.down:
            self.refused += 1
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        refusal = self.answers if request.method != "GET" else 0
        if _is_watch(request):
            refusal = self.answers_watches
        if refusal:
            self.refused += 1
            said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": refusal}
            return web.json_response(said, status=refusal, headers={"Retry-After": str(RETRY_AFTER_S)})
        return await self._forward(request)

    async def _forward(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name not in HOP_HEADERS}
        url = f"{self._server}{request.raw_path}"
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read() or None
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name not in HOP_HEADERS}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            if _is_watch(request):
                assert request.transport is not None
                self._watches[response] = request.transport
            try:
                async for chunk in answer.content.iter_any():
                    if response in self._silent:
                        # Neither a word nor an end: until who asked gives up.
                        await asyncio.Event().wait()
                    await response.write(chunk)
                if response in self._silent:
                    await asyncio.Event().wait()
                await response.write_eof()
            finally:
                self._watches.pop(response, None)
                self._silent.discard(response)
        return response


def _is_watch(request: web.BaseRequest) -> bool:
    return "watch=true" in request.raw_path


def _context(config: dict, directory: Path) -> ssl.SSLContext:
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    user = config["users"][0]["user"]
    pair = directory / "proxy.pem"
    pair.write_bytes(
        b"\n".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    )
    context.load_cert_chain(pair)
    return context
