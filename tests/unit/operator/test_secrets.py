"""Credentials: what a Secret has to have, and what becomes of one that is missing, changes or goes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.chassis.identity import credentials
from ardoise_operator import secrets as secrets_module
from ardoise_operator.api import Api
from ardoise_operator.secrets import HOLDER, Held, Secrets, files_of
from ardoise_operator.sight import Silence

from tests.support.scripted_api import ScriptedApi, served, until

OURS = {"ca.pem": b"ca", "operator.pem": b"certificate", "operator.key": b"key", "nats.key": b"another's"}
CERT_MANAGERS = {"ca.crt": b"ca", "tls.crt": b"certificate", "tls.key": b"key"}
NAME = "ardoise-identity"


@pytest.mark.parametrize("content", [OURS, CERT_MANAGERS], ids=["ours", "cert-manager's"])
def test_only_its_own_certificate_is_taken_out_of_a_secret(content: dict[str, bytes]):
    expected = {"ca.pem": b"ca", "operator.pem": b"certificate", "operator.key": b"key"}
    assert files_of(NAME, content) == expected


def test_a_secret_that_lacks_something_says_what_to_put_into_it():
    told = files_of(NAME, {"ca.pem": b"ca", "nats.pem": b"x", "operator.key": b""})
    assert isinstance(told, Silence)
    assert told.reason == "SecretIncomplete"
    assert "has ca.pem, nats.pem, operator.key: make it with ca.pem, operator.pem" in told.message


@pytest.fixture
async def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedApi]:
    monkeypatch.setattr(secrets_module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(secrets_module, "POLL_S", 0.02)
    script = ScriptedApi()
    async with served(script, tmp_path / "kubeconfig", monkeypatch.setenv):
        yield script


@pytest.fixture
async def secrets(script: ScriptedApi) -> AsyncIterator[Secrets]:
    api = Api("")
    made = Secrets(api)
    made.name([NAME])
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled(), task.exception()
        await made.close()
        await api.close()


def reason(secrets: Secrets) -> str:
    held = secrets.held(NAME)
    return held.reason if isinstance(held, Silence) else ""


async def test_a_secret_that_is_missing_is_used_as_soon_as_it_is_made(script: ScriptedApi, secrets: Secrets):
    assert reason(secrets) == "SecretUnread"
    await until(lambda: reason(secrets) == "SecretMissing")
    script.secrets[NAME] = ("1", OURS)
    await until(lambda: not reason(secrets))
    held = secrets.held(NAME)
    assert isinstance(held, Held)
    found = credentials(held.directory, HOLDER)
    assert found.key.read_bytes() == b"key"
    assert held.directory.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in held.directory.iterdir()) == [
        "ca.pem",
        "operator.key",
        "operator.pem",
    ]


async def test_another_version_is_another_directory_and_the_old_one_goes(
    script: ScriptedApi, secrets: Secrets
):
    script.secrets[NAME] = ("1", OURS)
    await until(lambda: not reason(secrets))
    first = secrets.held(NAME)
    script.secrets[NAME] = ("2", {**OURS, "operator.key": b"new"})
    await until(lambda: secrets.held(NAME) != first)
    assert credentials(secrets.held(NAME).directory, HOLDER).key.read_bytes() == b"new"
    assert not first.directory.exists()


async def test_a_secret_that_the_role_does_not_name_says_where_to_name_it(
    script: ScriptedApi, secrets: Secrets
):
    script.answers = [(403, {})] * 1000
    await until(lambda: reason(secrets) == "SecretForbidden")
    assert "operator.secrets" in secrets.held(NAME).message


async def test_a_server_that_is_away_takes_no_credentials_and_a_deleted_secret_does(
    script: ScriptedApi, secrets: Secrets
):
    script.secrets[NAME] = ("1", OURS)
    await until(lambda: not reason(secrets))
    asked = script.asked
    script.answers = [(503, {})] * 5
    await until(lambda: script.asked > asked + 4)
    assert isinstance(secrets.held(NAME), Held)
    del script.secrets[NAME]
    await until(lambda: reason(secrets) == "SecretMissing")


async def test_nothing_is_left_behind_of_what_is_not_named_any_more(script: ScriptedApi, secrets: Secrets):
    script.secrets[NAME] = ("1", OURS)
    await until(lambda: not reason(secrets))
    directory = secrets.held(NAME).directory
    secrets.name([])
    assert not directory.exists()
    await secrets.close()
    assert not directory.parent.exists()
