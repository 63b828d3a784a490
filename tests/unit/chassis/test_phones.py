"""Who may come in by MQTT, and what nats-server is told of them."""

import json
import stat
from pathlib import Path

import pytest
from ardoise.chassis.nats_config import server_config
from ardoise.chassis.phones import GATEWAY, names_of, passwords_of, phones_at, phones_given
from ardoise.up.pod import Leaves


def configuration(tmp_path: Path, listen: str = "0.0.0.0:8883", names: str = "anne,ben") -> str:
    return server_config(
        tmp_path, "truck", "127.0.0.1:4222", None, Leaves(), "", phones_at(listen, names, tmp_path)
    )


def test_names_are_a_list_and_what_is_none_is_said():
    assert names_of(" anne, ben,moto-1,") == ("anne", "ben", "moto-1")
    assert names_of("") == ()
    for wrong in ("Anne", "anne.b", "an/ne", "+", "a" * 33, GATEWAY, "*", ">"):
        with pytest.raises(ValueError, match="no phone's name"):
            names_of(f"ben,{wrong}")


def test_each_has_a_password_of_its_own_that_stays_and_that_nobody_else_can_read(tmp_path: Path):
    made = passwords_of(tmp_path / "phones", ("anne", "ben"))
    assert set(made) == {"anne", "ben", GATEWAY}
    assert len(set(made.values())) == 3
    assert all(len(password) >= 24 for password in made.values())
    assert passwords_of(tmp_path / "phones", ("anne", "carl"))["anne"] == made["anne"]
    for file in (tmp_path / "phones").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nobody_listens_to_phones_unless_it_is_set(tmp_path: Path):
    text = configuration(tmp_path, listen="")
    assert "mqtt" not in text
    assert "PHONES" not in text
    assert not (tmp_path / "phones").exists()


def test_a_phone_may_publish_below_its_name_and_the_gateway_read_that(tmp_path: Path):
    text = configuration(tmp_path)
    accounts = json.loads(text[text.index("accounts {") + len("accounts ") : text.rindex("no_auth_user")])
    users = {user["user"]: user["permissions"] for user in accounts["PHONES"]["users"]}
    nothing = {"deny": [">"]}
    assert users == {
        "anne": {"publish": {"allow": ["owntracks.anne.>"]}, "subscribe": nothing},
        "ben": {"publish": {"allow": ["owntracks.ben.>"]}, "subscribe": nothing},
        GATEWAY: {"publish": nothing, "subscribe": {"allow": ["owntracks.>"]}},
    }
    assert all(user["allowed_connection_types"] == ["MQTT"] for user in accounts["PHONES"]["users"])
    assert accounts["RACE"]["users"][0]["allowed_connection_types"] == ["STANDARD"]
    assert "exports" not in text
    assert "imports" not in text


def mounted(directory: Path, **passwords: str) -> Path:
    """As Kubernetes mounts a Secret: its files are links into a directory beside them."""
    (directory / "..made").mkdir(parents=True)
    (directory / "..data").symlink_to("..made")
    for name, password in passwords.items():
        (directory / "..made" / name).write_text(password)
        (directory / name).symlink_to(f"..data/{name}")
    return directory


def test_passwords_that_somebody_else_made_are_those_of_the_phones_that_come(tmp_path: Path):
    given = mounted(tmp_path / "given", anne="a" * 12, trackers="t" * 16 + "\n", **{"moto-1": "m" * 12})
    phones = phones_given("0.0.0.0:8883", given, None)
    assert phones is not None
    assert phones.passwords == {"anne": "a" * 12, "moto-1": "m" * 12, GATEWAY: "t" * 16}
    assert phones_given("", given, None) is None


@pytest.mark.parametrize(
    ("passwords", "says"),
    [
        ({"anne": "a" * 12}, "given has no trackers: the gateway's password"),
        ({"Anne": "a" * 12, "trackers": "t" * 12}, "'Anne' is no phone's name"),
        ({"ca.pem": "a" * 12, "trackers": "t" * 12}, "'ca.pem' is no phone's name"),
        ({"anne": "chalk", "trackers": "t" * 12}, "anne: a password of fewer than 12 characters is guessed"),
        ({"anne": "a" * 12, "trackers": ""}, "trackers: a password of fewer than 12"),
    ],
)
def test_what_is_wrong_with_passwords_that_somebody_else_made_is_said_without_them(
    tmp_path: Path, passwords: dict[str, str], says: str
):
    with pytest.raises(ValueError, match=says) as wrong:
        phones_given("0.0.0.0:8883", mounted(tmp_path / "given", **passwords), None)
    assert "chalk" not in str(wrong.value)
