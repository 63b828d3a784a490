"""An alert to somebody else's computer, over HTTP, once."""

import asyncio
from typing import Any

import httpx

from ardoise.security.domain.outgoing import OutboxState, Outcome

# Under what a service may take to stop (chassis.lifecycle): one that stops waits for what is on its way.
SEND_LIMIT_S = 5.0


class Webhook:
    """Posts to one URL, which may hold a secret and is never logged. Raises httpx.InvalidURL."""

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url)
        self._http = httpx.AsyncClient(timeout=SEND_LIMIT_S)

    async def send(self, body: dict[str, Any]) -> Outcome:
        """Delivered where the answer is 2xx, failed where it is another or nobody could be reached, else in doubt."""
        try:
            async with (
                asyncio.timeout(SEND_LIMIT_S),
                self._http.stream("POST", self._url, json=body) as answer,
            ):
                said = f"answered {answer.status_code}"
                return Outcome(OutboxState.DELIVERED if answer.is_success else OutboxState.FAILED, said)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Outcome(OutboxState.FAILED, f"not reached: {type(error).__name__}")
        except (httpx.HTTPError, TimeoutError) as error:
            return Outcome(OutboxState.IN_DOUBT, f"no answer: {type(error).__name__}")

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()
