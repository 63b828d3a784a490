"""Who may connect a screen."""

from ardoise.mediawall.screens import Screens


def test_one_address_cannot_take_every_place():
    screens = Screens(limit=4, address_limit=2)
    taken = [screens.connect(f"192.0.2.1:{port}") for port in (1, 2, 3)]
    assert [screen is not None for screen in taken] == [True, True, False]
    assert screens.connect("192.0.2.2:1") is not None


def test_a_place_is_free_again_when_its_screen_has_gone():
    screens = Screens(limit=4, address_limit=1)
    first = screens.connect("192.0.2.1:1")
    assert screens.connect("192.0.2.1:2") is None
    screens.disconnect(first)
    screens.disconnect(first)
    assert screens.connect("192.0.2.1:3") is not None
    assert len(screens) == 1


def test_no_more_screens_than_the_limit_from_anywhere():
    screens = Screens(limit=2, address_limit=2)
    assert [screens.connect(f"192.0.2.{host}:1") is not None for host in (1, 2, 3)] == [True, True, False]
