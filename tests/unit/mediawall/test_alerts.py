"""Alerts on the operators' page."""

from ardoise.mediawall.alerts import MOST_ALERTS, Alerts

from tests.browser import race_day


def test_what_nobody_has_seen_to_stands_first():
    alerts = Alerts(None)
    alerts.show(race_day.alert(1, acknowledged_by="security"))
    alerts.show(race_day.alert(2))
    assert [alert["id"] for alert in alerts.as_json()] == ["alert-2", "alert-1"]


def test_past_the_bound_alerts_that_were_seen_to_go_first():
    alerts = Alerts(None)
    alerts.show(race_day.alert(0, acknowledged_by="security"))
    for number in range(1, MOST_ALERTS + 1):
        alerts.show(race_day.alert(number))
    ids = {alert["id"] for alert in alerts.as_json()}
    assert len(ids) == MOST_ALERTS
    assert "alert-0" not in ids
