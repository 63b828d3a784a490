"""The race in one line of the terminal."""

from ardoise.pb.common_pb2 import RaceState, RiderStatus
from ardoise.pb.race_pb2 import GroupRole, Snapshot
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.up.summary import View, line

FINISH_CM = 10_000_000


def shown(snapshot: Snapshot) -> str:
    snapshot.race_state = RaceState.RACE_STATE_RACING
    stage = StageSetup()
    stage.route.finish_cm = FINISH_CM
    return line(View([], stage, snapshot))


def test_the_way_to_go_is_that_of_the_head_of_the_race():
    snapshot = Snapshot()
    snapshot.groups.add(role=GroupRole.GROUP_ROLE_HEAD, bibs=[1], distance_cm=FINISH_CM - 1_250_000)
    snapshot.groups.add(role=GroupRole.GROUP_ROLE_PELOTON, bibs=[2, 3], distance_cm=FINISH_CM - 1_500_000)
    assert "  12.5 km to go  " in shown(snapshot)


def test_nobody_has_a_way_to_go_when_nobody_is_on_the_road_any_more():
    snapshot = Snapshot()
    snapshot.riders.add(bib=1, status=RiderStatus.RIDER_STATUS_FINISHED)
    assert "to go" not in shown(snapshot)
    assert "1 finished" in shown(snapshot)
