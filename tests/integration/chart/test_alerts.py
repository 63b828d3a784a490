"""Alerts as Prometheus itself evaluates them: each fires on what it is for, and none on a platform that is well."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ardoise.up.programs import ProgramsMissing, unpacked

from tests.support.chart import CHART, loaded

ALERTS = CHART / "files" / "alerts.yaml"
PROMTOOL = "usr/bin/promtool"
HERE = 'site="london",job="ardoise-x"'


@dataclass(frozen=True)
class Case:
    """Series of which one alert comes."""

    series: dict[str, str]
    """Values a minute, as promtool writes them."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of the alert, besides its severity."""
    at: str = "12m"
    every: str = "1m"
    """How often rules are evaluated: what takes a day need not be looked at every minute."""


def condition(name: str, value: int) -> Case:
    labels = {"site": "london", "job": "ardoise-x", "condition": name}
    return Case({f'sites_condition{{{HERE},condition="{name}"}}': f"{value}x20"}, labels)


def of(series: str, values: str, **labels: str) -> Case:
    return Case({series: values}, labels)


CERTIFICATE = '{namespace="race",name="ardoise-identity-nats"}'
X = {"site": "london", "job": "ardoise-x"}
CASES = {
    "ArdoiseSiteDegraded": condition("Degraded", 1),
    "ArdoiseNotProtected": condition("Protected", 0),
    "ArdoisePrimaryUnobserved": condition("PrimaryUnobserved", 1),
    "ArdoisePromotionBlocked": condition("PromotionBlocked", 1),
    "ArdoiseWitnessAbsent": condition("WitnessAbsent", 1),
    "ArdoisePicturesDiffer": condition("PicturesEqual", 0),
    "ArdoiseConditionUnknown": condition("Degraded", -1),
    "ArdoiseMirrorUnhealthy": of(
        f'sites_mirror_healthy{{{HERE},stream="LOG_1"}}', "0x20", **X, stream="LOG_1"
    ),
    "ArdoiseMirrorBehind": of(
        f'sites_mirror_behind{{{HERE},stream="LOG_1"}}', "1001x20", **X, stream="LOG_1"
    ),
    "ArdoiseMirrorUnknown": of(f'sites_mirror_behind{{{HERE},stream="LOG_1"}}', "-1x20", **X, stream="LOG_1"),
    "ArdoiseEtcdWithoutLeader": of(f"etcd_server_has_leader{{{HERE}}}", "0x20", **X),
    "ArdoiseLogMadeAnew": of(
        f'security_alerts_total{{{HERE},rule="log-given-up"}}', "_x9 1x20", **X, rule="log-given-up"
    ),
    "ArdoiseLogFilling": of(
        f'security_alerts_total{{{HERE},rule="log-filling"}}', "_x9 1x20", **X, rule="log-filling"
    ),
    "ArdoiseFramesNotAccepted": Case(
        {
            f"ingest_relays{{{HERE}}}": "3x20",
            'up{site="london",job="ardoise-trackers"}': "1x20",
            f'ingest_frames_total{{{HERE},outcome="accepted"}}': "500x20",
            f'ingest_frames_total{{{HERE},outcome="refused"}}': "0+60x20",
        },
        {"site": "london"},
    ),
    "ArdoiseLogSlow": Case(
        {
            f'log_publish_seconds_bucket{{{HERE},le="0.5"}}': "0+10x20",
            f'log_publish_seconds_bucket{{{HERE},le="1"}}': "0+100x20",
            f'log_publish_seconds_bucket{{{HERE},le="+Inf"}}': "0+100x20",
        },
        {"site": "london"},
    ),
    "ArdoiseNobodyFollowsTheLog": Case(
        {
            f'log_records_total{{{HERE},kind="heartbeat"}}': "0+240x20",
            f"positioning_ticks_total{{{HERE}}}": "700x20",
        },
        {"site": "london"},
    ),
    "ArdoiseTrackersNotKept": of(
        f'trackers_log_away_total{{{HERE},source="osmand"}}', "0+1x20", site="london", source="osmand"
    ),
    "ArdoiseTruckClockWrong": of(f"ingest_clock_behind_milliseconds{{{HERE}}}", "-7000x20", **X),
    "ArdoiseTrackerClocksWrong": of(
        f'trackers_wrong_clocks{{{HERE},clock="time-zone"}}', "2x20", **X, clock="time-zone"
    ),
    "ArdoiseOperatorSilent": of(f"operator_look_finished_seconds{{{HERE}}}", "600x20", **X),
    "ArdoiseOperatorBlind": of(
        f'operator_looks_failed_total{{{HERE},cause="SitesSilent"}}', "0+30x20", **X, cause="SitesSilent"
    ),
    "ArdoiseStatusNotWritten": Case(
        {
            f'operator_api_refused_total{{{HERE},what="status",code="503"}}': "0+1x20",
            f'operator_api_refused_total{{{HERE},what="status",code="429"}}': "0+1x20",
        },
        {"site": "london"},
    ),
    "ArdoiseRowsWait": of(f"recorder_store_available{{{HERE}}}", "0x20", **X),
    "ArdoiseRecorderBehind": Case(
        {
            f'recorder_derived{{{HERE},epoch="1"}}': "2000+100x20",
            f'recorder_watermark{{{HERE},epoch="1"}}': "900+100x20",
            f'recorder_standing_by{{{HERE},epoch="1"}}': "0x20",
        },
        {**X, "epoch": "1"},
    ),
    "ArdoisePoison": of(f"recorder_poison_total{{{HERE}}}", "_x9 1x20", **X),
    "ArdoisePredictionsDropped": of(
        f'analytics_rows_dropped_total{{{HERE},reason="full"}}', "0+1x30", **X, reason="full"
    ),
    "ArdoiseBackupMissing": Case(
        {'kube_cronjob_status_last_successful_time{namespace="race",cronjob="ardoise-backup"}': "0x1620"},
        {"namespace": "race", "cronjob": "ardoise-backup"},
        at="27h",
        every="1h",
    ),
    "ArdoiseServiceDown": of(
        'up{site="london",job="ardoise-sites"}', "0x20", site="london", job="ardoise-sites"
    ),
    "ArdoiseCallsFail": of(
        f'rpc_failures_total{{{HERE},method="/a/B",reason="INTERNAL"}}', "0+1x20", **X, method="/a/B"
    ),
    "ArdoiseOutboxFails": of(
        f'security_outbox_total{{{HERE},outcome="in_doubt"}}', "_x9 1x20", **X, outcome="in_doubt"
    ),
    "ArdoiseAlertsOpen": Case({f"security_open_alerts{{{HERE}}}": "2x30"}, {"site": "london"}, at="20m"),
    "ArdoiseCertificateEnds": Case(
        {f"certmanager_certificate_expiration_timestamp_seconds{CERTIFICATE}": "600000x120"},
        {"namespace": "race", "name": "ardoise-identity-nats"},
        at="90m",
    ),
}
SAYS = {
    "ArdoiseSiteDegraded": "Seen from london: a site does not answer, or a mirror does not follow",
    "ArdoiseNotProtected": "Seen from london: if the primary's region were lost now, none could take over without loss",
    "ArdoisePrimaryUnobserved": "Seen from london: no region that answers is primary; nothing is written down",
    "ArdoisePromotionBlocked": "Seen from london: nobody may be promoted",
    "ArdoiseWitnessAbsent": "Seen from london: etcd has no third voter; the loss of either region stops writes",
    "ArdoisePicturesDiffer": "Seen from london: two sites show different races; believe the truck's, call",
    "ArdoiseConditionUnknown": "london cannot tell whether Degraded",
    "ArdoiseMirrorUnhealthy": "london: the mirror LOG_1 does not follow the truck's log",
    "ArdoiseMirrorBehind": "london: LOG_1 is 1001 messages behind the truck",
    "ArdoiseMirrorUnknown": "london does not reach the truck: how far LOG_1 is behind is unknown",
    "ArdoiseEtcdWithoutLeader": "london: its member of etcd knows no leader",
    "ArdoiseLogMadeAnew": "london: the log was lost, rolled back or made again (log-given-up)",
    "ArdoiseLogFilling": "london: the truck's log comes to its bound; past it frames are refused (log-filling)",
    "ArdoiseFramesNotAccepted": "london: relays are connected, and no frame is accepted",
    "ArdoiseLogSlow": "london: one frame in a hundred waits 994.4ms for the disk",
    "ArdoiseNobodyFollowsTheLog": "london: the log grows, and the race stands still",
    "ArdoiseTrackersNotKept": "london: what trackers send by osmand does not reach the log",
    "ArdoiseTruckClockWrong": "london: the truck's clock is -7000 ms behind the trackers' (below 0: ahead)",
    "ArdoiseTrackerClocksWrong": "london: 2 trackers of the race have a wrong clock (time-zone)",
    "ArdoiseOperatorSilent": "london: its operator has not looked for 2m 0s",
    "ArdoiseOperatorBlind": "london: its operator finds nothing out (SitesSilent); kubectl shows Unknown",
    "ArdoiseStatusNotWritten": "london: the API server does not take what its operator sees; kubectl shows what was",
    "ArdoiseRowsWait": "london: the recorder finds no database that takes rows; they wait in the log",
    "ArdoiseRecorderBehind": "london: 1100 messages of the log 1 are not written down",
    "ArdoisePoison": "london: messages of the log cannot be derived and are set aside",
    "ArdoisePredictionsDropped": "london: predictions are not stored (full)",
    "ArdoiseBackupMissing": "race: no backup for 1d 3h 0m 0s",
    "ArdoiseServiceDown": "london: ardoise-sites does not answer",
    "ArdoiseCallsFail": "london: /a/B of ardoise-x fails by a fault of its own",
    "ArdoiseOutboxFails": "london: an alert did not leave the platform, or nobody knows (in_doubt)",
    "ArdoiseAlertsOpen": "london: 2 alerts of security wait for somebody to look at them",
    "ArdoiseCertificateEnds": "race: the certificate ardoise-identity-nats ends within a week",
}
WELL = {
    **{f'sites_condition{{{HERE},condition="{name}"}}': "0x60" for name in (
        "Degraded", "PrimaryUnobserved", "PromotionBlocked", "WitnessAbsent",
    )},
    f'sites_condition{{{HERE},condition="Protected"}}': "1x60",
    # Unknown while no race is on.
    f'sites_condition{{{HERE},condition="PicturesEqual"}}': "-1x60",
    f'sites_mirror_healthy{{{HERE},stream="LOG_1"}}': "1x60",
    f'sites_mirror_behind{{{HERE},stream="LOG_1"}}': "3x60",
    f"ingest_clock_behind_milliseconds{{{HERE}}}": "0x60",
    f"etcd_server_has_leader{{{HERE}}}": "1x60",
    f'security_alerts_total{{{HERE},rule="log-given-up"}}': "1x60",
    f"ingest_relays{{{HERE}}}": "3x60",
    f'ingest_frames_total{{{HERE},outcome="accepted"}}': "0+60x60",
    # Only the gateway is there, and nobody sends.
    'ingest_relays{site="truck",job="ardoise-ingest"}': "2x60",
    'ingest_frames_total{site="truck",job="ardoise-ingest",outcome="accepted"}': "0x60",
    'up{site="truck",job="ardoise-trackers"}': "1x60",
    f'trackers_log_away_total{{{HERE},source="osmand"}}': "4x60",
    f'trackers_wrong_clocks{{{HERE},clock="behind"}}': "0x60",
    f'log_publish_seconds_bucket{{{HERE},le="0.5"}}': "0+100x60",
    f'log_publish_seconds_bucket{{{HERE},le="+Inf"}}': "0+100x60",
    f'log_records_total{{{HERE},kind="heartbeat"}}': "0+240x60",
    f"positioning_ticks_total{{{HERE}}}": "0+60x60",
    f"operator_look_finished_seconds{{{HERE}}}": "0+60x60",
    f'operator_looks_failed_total{{{HERE},cause="SitesSilent"}}': "3x60",
    f'operator_api_refused_total{{{HERE},what="status",code="409"}}': "2x60",
    f"recorder_store_available{{{HERE}}}": "1x60",
    # The neighbour's recorder writes this one.
    f'recorder_derived{{{HERE},epoch="1"}}': "2000+100x60",
    f'recorder_watermark{{{HERE},epoch="1"}}': "0x60",
    f'recorder_standing_by{{{HERE},epoch="1"}}': "1x60",
    f"recorder_poison_total{{{HERE}}}": "4x60",
    f'rpc_failures_total{{{HERE},method="/a/B",reason="INTERNAL"}}': "1x60",
    f'rpc_failures_total{{{HERE},method="/a/B",reason="EPOCH_UNKNOWN"}}': "0+1x60",
    f"security_open_alerts{{{HERE}}}": "0x60",
    'up{site="london",job="ardoise-sites"}': "1x60",
    'up{job="somebody-else"}': "0x60",
}  # fmt: skip


@pytest.fixture(scope="module")
def promtool() -> Path:
    """Debian's; a test that asks for it skips where it cannot be had."""
    try:
        folder = unpacked(
            "trixie-promtool", ("prometheus",), [PROMTOOL], print, "promtool of Debian 13 (about 60 MB)"
        )
    except ProgramsMissing as missing:
        pytest.skip(f"no promtool here: {missing}")
    return folder / PROMTOOL


@pytest.fixture(scope="module")
def rules() -> dict[str, dict]:
    groups = loaded(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def evaluated(
    promtool: Path, directory: Path, tests: list[dict], every: str = "1m"
) -> subprocess.CompletedProcess[str]:
    file = directory / "alerts.test.json"
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": every, "tests": tests}))
    return subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )


def trial(name: str, series: dict[str, str], at: str, expected: list[dict]) -> dict:
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "alert_rule_test": [{"eval_time": at, "alertname": name, "exp_alerts": expected}],
    }


def fires(name: str, case: Case, rule: dict) -> dict:
    says = {"summary": SAYS[name], "runbook": rule["annotations"]["runbook"]}
    expected = {"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": says}
    return trial(name, case.series, case.at, [expected])


def test_prometheus_takes_the_rules(promtool: Path):
    done = subprocess.run(
        [promtool, "check", "rules", ALERTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_on_what_it_is_for(promtool: Path, rules: dict[str, dict], tmp_path: Path):
    assert set(CASES) == set(SAYS) == set(rules)
    for every in {case.every for case in CASES.values()}:
        tests = [fires(name, case, rules[name]) for name, case in CASES.items() if case.every == every]
        done = evaluated(promtool, tmp_path, tests, every)
        assert done.returncode == 0, done.stdout + done.stderr


def test_none_fires_where_all_is_well(promtool: Path, rules: dict[str, dict], tmp_path: Path):
    quiet = trial("all is well", WELL, "40m", [])
    quiet["alert_rule_test"] = [{"eval_time": "40m", "alertname": name, "exp_alerts": []} for name in rules]
    done = evaluated(promtool, tmp_path, [quiet])
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_that_did_not_fire_is_found(promtool: Path, rules: dict[str, dict], tmp_path: Path):
    name = "ArdoiseRowsWait"
    done = evaluated(promtool, tmp_path, [fires(name, Case(WELL, CASES[name].labels), rules[name])])
    assert done.returncode != 0
