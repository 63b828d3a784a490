"""The packet filter's rules of a site."""

from ardoise.up.network import Condition, firewall


def test_whole_links_have_no_rule():
    assert "drop" not in firewall({"truck": Condition(rate_kbit=256, delay_ms=500)})


def test_a_cut_hides_a_neighbour_whichever_device_its_packets_come_by():
    (rule,) = [line for line in firewall({"truck": Condition(cut=True)}).splitlines() if "drop" in line]
    assert rule == 'iifname { "truck", "late-truck" } drop'


def test_a_cut_is_stronger_than_a_loss():
    assert "numgen" not in firewall({"truck": Condition(cut=True, loss_percent=5)})


def test_a_loss_is_drawn_for_each_packet():
    assert "numgen random mod 100 < 5 drop" in firewall({"truck": Condition(loss_percent=5)})
