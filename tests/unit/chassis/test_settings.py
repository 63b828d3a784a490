"""Settings that are wrong are named as a person writes them."""

import pytest
from ardoise.chassis.settings import CommonSettings


def test_every_wrong_variable_is_named_and_what_stands_there_is_not_repeated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARDOISE_LOG_LEVEL", "chalk")
    monkeypatch.setenv("ARDOISE_PLAINTEXT", "perhaps")
    with pytest.raises(ValueError, match=r"ARDOISE_PLAINTEXT: .*; ARDOISE_LOG_LEVEL: .*DEBUG") as refused:
        CommonSettings()
    assert "chalk" not in str(refused.value)
