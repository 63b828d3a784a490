"""Who may come in by MQTT, and what nats-server is told of them."""

import json
import stat
from pathlib import Path

import pytest
from ardoise.chassis.nats_config import server_config
from ardoise.chassis.phones import GATEWAY, names_of, passwords_of, phones_at
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
