"""Tokens of the operators' page."""

import stat
from pathlib import Path

import pytest
from ardoise.chassis.identity import Role
from ardoise.mediawall.access import ROLES, Access


def test_each_role_has_a_token_of_its_own_that_only_its_owner_can_read(tmp_path: Path):
    access = Access(tmp_path)
    tokens = {role: (tmp_path / "tokens" / role).read_text() for role in ROLES}
    assert len(set(tokens.values())) == len(ROLES)
    for role, token in tokens.items():
        assert access.role(token) is role
        assert stat.S_IMODE((tmp_path / "tokens" / role).stat().st_mode) == 0o600


def test_tokens_outlive_a_restart(tmp_path: Path):
    Access(tmp_path)
    token = (tmp_path / "tokens" / Role.SECURITY).read_text()
    assert Access(tmp_path).role(token) is Role.SECURITY


@pytest.mark.parametrize("wrong", ["", "x", "é" * 43])
def test_anything_else_is_nobody(tmp_path: Path, wrong: str):
    access = Access(tmp_path)
    assert access.role(wrong) is None
    assert access.role((tmp_path / "tokens" / Role.SECURITY).read_text()[:-1]) is None


def test_a_token_file_that_was_emptied_is_refused_at_start(tmp_path: Path):
    Access(tmp_path)
    (tmp_path / "tokens" / Role.SECURITY).write_text("")
    with pytest.raises(ValueError, match="holds no token"):
        Access(tmp_path)
