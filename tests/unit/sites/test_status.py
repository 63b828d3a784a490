"""What follows from what the sites say of themselves."""

from collections.abc import Iterable

from ardoise.pb.sites_pb2 import DatabaseRole, DigestStatus, SiteReport, SitesCondition, SitesStatus, Truth
from ardoise.sites.status import complete
from ardoise.sites.topology import Site, SiteKind, Topology

PRIMARY = DatabaseRole.DATABASE_ROLE_PRIMARY
SYNCHRONOUS = DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY
STANDBY = DatabaseRole.DATABASE_ROLE_STANDBY
EPOCH = 7


def site(name: str, kind: SiteKind) -> Site:
    database = {"patroni": "h:1", "postgres": "h:2"} if kind is SiteKind.REGION else {}
    return Site(name=name, kind=kind, nats="h:3", etcd="h:4", positioning="h:5", sites="h:6", **database)


TOPOLOGY = Topology(
    sites=(
        site("truck", SiteKind.EDGE),
        site("amsterdam", SiteKind.REGION),
        site("london", SiteKind.REGION),
    )
)


def report(name: str, log: int, role: DatabaseRole | None = None, watermark: int | None = None) -> SiteReport:
    """`log`: last sequence held; race time is 100 ms a message."""
    found = SiteReport(site=name)
    found.logs.logs.add(epoch=EPOCH, first_sequence=1, last_sequence=log)
    found.race.snapshots.add(race_time_ms=log * 100).name.epoch = EPOCH
    if role is not None:
        found.database.role = role
    if watermark is not None:
        found.watermarks.watermarks.add(epoch=EPOCH, sequence=watermark)
    for member in TOPOLOGY.sites:
        found.etcd.add(site=member.name, healthy=True, answers=True, cluster_id="1")
    return found


def status_of(reports: Iterable[SiteReport], seen_from: str = "london") -> SitesStatus:
    by_site = {found.site: found for found in reports}
    status = SitesStatus(seen_from=seen_from)
    for member in TOPOLOGY.sites:
        seen = status.sites.add(site=member.name, region=member.kind is SiteKind.REGION)
        if member.name in by_site:
            seen.report.CopyFrom(by_site[member.name])
    return complete(status, TOPOLOGY, DigestStatus())


def condition(status: SitesStatus, kind: str) -> SitesCondition:
    return next(one for one in status.conditions if one.type == kind)


HEALTHY = (
    report("truck", 100),
    report("amsterdam", 100, PRIMARY, 95),
    report("london", 98, SYNCHRONOUS, 90),
)


def test_a_healthy_platform_is_protected():
    status = status_of(HEALTHY)
    assert [(one.region, one.without_loss) for one in status.promotions] == [
        ("amsterdam", Truth.TRUTH_YES),
        ("london", Truth.TRUTH_YES),
    ]
    assert condition(status, "Protected").status == Truth.TRUTH_YES
    assert condition(status, "Degraded").status == Truth.TRUTH_NO
    assert condition(status, "WitnessAbsent").status == Truth.TRUTH_NO


def test_what_the_standby_lacks_is_what_would_be_lost():
    loss = status_of(HEALTHY).loss
    assert (loss.region, loss.messages, loss.race_ms, loss.decisions) == ("london", 2, 200, Truth.TRUTH_NO)


def test_with_the_truck_silent_the_loss_is_unknown_and_not_nothing():
    status = status_of(HEALTHY[1:])
    assert not status.loss.HasField("messages")
    assert not status.loss.HasField("race_ms")
    # The mirror goes on from the watermark: a promotion loses nothing that the database has seen.
    assert condition(status, "Protected").status == Truth.TRUTH_YES
    assert "truck does not answer" in condition(status, "Degraded").message


def test_a_standby_that_is_not_synchronous_may_lack_decisions():
    status = status_of((HEALTHY[0], HEALTHY[1], report("london", 98, STANDBY, 90)))
    assert status.promotions[1].without_loss == Truth.TRUTH_NO
    assert status.loss.decisions == Truth.TRUTH_YES
    assert condition(status, "Protected").status == Truth.TRUTH_NO


def test_a_region_that_is_silent_is_unknown():
    status = status_of(HEALTHY[:2], seen_from="amsterdam")
    assert status.promotions[1].without_loss == Truth.TRUTH_UNSPECIFIED
    assert condition(status, "Protected").status == Truth.TRUTH_UNSPECIFIED


def test_without_a_primary_nothing_is_protected_and_no_loss_is_told():
    status = status_of((HEALTHY[0], HEALTHY[2]))
    assert condition(status, "PrimaryUnobserved").status == Truth.TRUTH_YES
    assert not status.HasField("loss")


def test_a_hole_between_watermark_and_mirror_stands_against_a_promotion():
    behind = report("london", 98, SYNCHRONOUS, 10)
    behind.logs.logs[0].first_sequence = 50
    truck = report("truck", 100)
    truck.logs.logs[0].first_sequence = 50
    status = status_of((truck, HEALTHY[1], behind))
    assert status.promotions[1].without_loss == Truth.TRUTH_NO
    assert "11" in status.promotions[1].reasons[0]


def test_the_truck_away_from_etcd_is_a_condition():
    alone = report("london", 98, SYNCHRONOUS, 90)
    alone.etcd[0].healthy = False
    status = status_of((HEALTHY[0], HEALTHY[1], alone))
    assert condition(status, "WitnessAbsent").status == Truth.TRUTH_YES


def test_a_mirror_that_does_not_follow_is_named():
    stuck = report("london", 98, SYNCHRONOUS, 90)
    stuck.mirrors.add(stream="LOG_7", state="stuck", reason="stands still")
    message = condition(status_of((HEALTHY[0], HEALTHY[1], stuck)), "Degraded").message
    assert message == "london: LOG_7 stuck"


def test_a_region_that_alone_does_not_reach_the_truck_is_degraded_though_everybody_answers():
    """Its mirror cannot be compared, and that is no mirror that follows (fault 10)."""
    cut_off = report("london", 60, SYNCHRONOUS, 60)
    cut_off.mirrors.add(stream="LOG_7", state="unknown")
    degraded = condition(status_of((HEALTHY[0], HEALTHY[1], cut_off)), "Degraded")
    assert degraded.status == Truth.TRUTH_YES
    assert degraded.message == "london does not reach truck: how far it is behind is Unknown to itself"


def test_with_the_truck_silent_its_silence_alone_is_told_and_not_every_mirror():
    cut_off = report("london", 60, SYNCHRONOUS, 60)
    cut_off.mirrors.add(stream="LOG_7", state="unknown")
    assert condition(status_of((HEALTHY[1], cut_off)), "Degraded").message == "truck does not answer"


def test_a_region_that_is_silent_is_said_to_be_so_where_its_verdict_is_asked_for():
    status = status_of(HEALTHY[:2], seen_from="amsterdam")
    assert status.promotions[1].reasons == ["it does not answer amsterdam"]


def test_a_standby_without_etcd_may_be_the_primary_that_stepped_down_and_nobody_can_tell():
    alone = report("london", 98, STANDBY, 90)
    for member in alone.etcd:
        member.healthy = False
    status = status_of((alone,))
    assert status.promotions[1].without_loss == Truth.TRUTH_UNSPECIFIED
    assert "unknown" in status.promotions[1].reasons[0]


def test_without_a_majority_nobody_may_be_promoted_and_it_says_who_answers():
    alone = report("london", 98, None, 90)
    for member in alone.etcd:
        member.healthy, member.answers = False, member.site == "london"
    blocked = condition(status_of((alone,)), "PromotionBlocked")
    assert blocked.status == Truth.TRUTH_YES
    assert "no majority of etcd: of truck, amsterdam, london only london answer" in blocked.message


def test_a_guard_that_would_refuse_blocks_the_promotion_with_its_reason():
    assert condition(status_of(HEALTHY), "PromotionBlocked").status == Truth.TRUTH_NO
    blocked = condition(status_of((*HEALTHY[:2], report("london", 98, STANDBY, 90))), "PromotionBlocked")
    assert blocked.status == Truth.TRUTH_YES
    assert "not a synchronous member" in blocked.message


def test_where_etcd_was_not_asked_it_is_unknown_whether_anybody_could_be_promoted():
    status = status_of(HEALTHY[:2])
    assert condition(status, "PromotionBlocked").status == Truth.TRUTH_UNSPECIFIED


def test_a_truck_without_a_vote_is_no_witness():
    learner = report("london", 98, SYNCHRONOUS, 90)
    learner.etcd[0].learner = True
    assert condition(status_of((*HEALTHY[:2], learner)), "WitnessAbsent").status == Truth.TRUTH_YES


def test_the_newest_forced_failover_is_told_wherever_it_was():
    older, newer = report("amsterdam", 100, PRIMARY, 95), report("london", 98, SYNCHRONOUS, 90)
    older.forced.request_id, older.forced.begun_ms = "op-1", 1
    newer.forced.request_id, newer.forced.begun_ms = "op-2", 2
    assert status_of((older, newer)).forced.request_id == "op-2"
    assert not status_of(HEALTHY).HasField("forced")
