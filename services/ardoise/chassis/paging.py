"""Pages of a list (AIP-158). A token says where to go on, and is good only for the request that got it."""

import base64
import binascii
import hashlib
from collections.abc import Sequence

from ardoise.chassis.rpc import Failure, Reason


def paginate[T](
    items: Sequence[T], page_size: int, page_token: str, *, default: int, most: int, scope: str
) -> tuple[list[T], str]:
    """One page of items and the token of the next, empty at the end.

    `scope` names the list and its filters. Raises Failure(PAGE_TOKEN_INVALID) for a token of another request.
    Items are addressed by position: right for lists that only grow at the end.
    """
    start = _offset(page_token, scope) if page_token else 0
    size = min(page_size or default, most)
    page = list(items[start : start + size])
    end = start + len(page)
    return page, (_token(end, scope) if end < len(items) else "")


def _token(offset: int, scope: str) -> str:
    body = f"{offset}:{hashlib.blake2b(scope.encode(), digest_size=6).hexdigest()}"
    return base64.urlsafe_b64encode(body.encode()).decode()


def _offset(token: str, scope: str) -> int:
    try:
        offset = int(base64.urlsafe_b64decode(token).decode().partition(":")[0])
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Failure(
            Reason.ERROR_REASON_PAGE_TOKEN_INVALID, "this page token was not given out here"
        ) from error
    if token != _token(offset, scope):
        raise Failure(Reason.ERROR_REASON_PAGE_TOKEN_INVALID, "this page token belongs to another request")
    return offset
