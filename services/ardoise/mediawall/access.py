"""Who may see the operators' page: whoever holds a role's token."""

import os
import secrets
from pathlib import Path

from ardoise.chassis.identity import Role

ROLES = (Role.RACE_OPERATIONS, Role.SECURITY)
TOKEN_BYTES = 32


class Access:
    """The tokens in `<identity_dir>/tokens/<role>`, made at first start; a file that is replaced counts at the next."""

    def __init__(self, identity_dir: Path) -> None:
        self.directory = identity_dir / "tokens"
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tokens = {role: _token(self.directory / role) for role in ROLES}

    def role(self, token: str) -> Role | None:
        """The role whose token this is; None where it is nobody's. Takes as long for one as for the other."""
        found = None
        for role, right in self._tokens.items():
            if secrets.compare_digest(right.encode(), token.encode()):
                found = role
        return found


def _token(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES))
    except FileExistsError:
        pass
    token = path.read_text(encoding="ascii").strip()
    if len(token) < TOKEN_BYTES:
        raise ValueError(
            f"{path} holds no token of at least {TOKEN_BYTES} characters: delete it, a new one is made"
        )
    return token
