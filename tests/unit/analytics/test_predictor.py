"""What is predicted when: once a second of the race, and nothing kept without bound."""

from ardoise.analytics.newest_of_stages import EPOCHS_KEPT
from ardoise.analytics.predictor import Predictor
from ardoise.pb import common_pb2, race_pb2, setup_pb2

SETUP = setup_pb2.StageSetup(route=setup_pb2.Route(distance_cm=[0, 5_000_000], finish_cm=5_000_000))
T0_MS = 1_783_000_000_000


def tick(at_ms: int, sequence: int, epoch: int = 7) -> race_pb2.Snapshot:
    return race_pb2.Snapshot(
        name=common_pb2.SnapshotName(epoch=epoch, sequence=sequence),
        race_time_ms=T0_MS + at_ms,
        race_state=common_pb2.RACE_STATE_RACING,
    )


def test_of_the_ticks_of_a_second_the_first_is_predicted():
    predictor = Predictor()
    predictor.begin_stage(7, SETUP)
    ticks = [tick(250 * number, number + 1) for number in range(12)]
    made = [snapshot for snapshot in ticks if predictor.take(snapshot)]
    assert [snapshot.race_time_ms - T0_MS for snapshot in made] == [0, 1000, 2000]
    assert predictor.newest.version == 3
    assert predictor.position.sequence == 12


def test_a_second_that_comes_again_is_not_predicted_again():
    predictor = Predictor()
    predictor.begin_stage(7, SETUP)
    assert predictor.take(tick(5_000, 9))
    assert predictor.take(tick(4_000, 8)) is None


def test_the_newest_stages_are_kept_and_the_oldest_forgotten():
    predictor = Predictor()
    for epoch in range(1, EPOCHS_KEPT + 2):
        assert not predictor.knows_stage(epoch)
        predictor.begin_stage(epoch, SETUP)
        predictor.take(tick(0, 1, epoch))
    assert predictor.of_epoch(1) is None
    assert predictor.of_epoch(2) is not None
    assert predictor.of_epoch(0) is predictor.of_epoch(EPOCHS_KEPT + 1)
