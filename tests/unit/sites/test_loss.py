"""What a promotion cost of the log, exactly."""

import random

from ardoise.sites.guard import Held
from ardoise.sites.loss import Lost, log_loss

EPOCH = 7


def loss(watermark: int, mirror: Held | None, truck: Held | None):
    return log_loss({EPOCH: watermark}, {EPOCH: mirror} if mirror else {}, {EPOCH: truck} if truck else {})


def test_what_the_truck_still_has_is_not_lost_but_derived_again():
    found = loss(50, Held(1, 40), Held(30, 90))
    assert (found.messages, found.lost, found.replayed) == (0, (), 40)


def test_what_neither_mirror_nor_truck_holds_is_lost_to_the_last_message():
    found = loss(10, Held(1, 20), Held(31, 40))
    assert found.lost == (Lost(EPOCH, 21, 30),)
    assert (found.messages, found.replayed) == (10, 20)


def test_what_lies_before_the_mirror_is_lost_where_the_database_has_it_not():
    assert loss(10, Held(15, 20), Held(21, 40)).lost == (Lost(EPOCH, 11, 14),)


def test_where_the_truck_has_no_such_log_any_more_nobody_can_tell():
    assert loss(10, Held(1, 20), None) is None


def test_an_older_log_that_is_written_down_whole_may_be_gone_from_the_truck():
    both = {EPOCH: Held(1, 20), EPOCH + 1: Held(1, 5)}
    left = {EPOCH + 1: Held(1, 9)}
    assert log_loss({EPOCH: 20, EPOCH + 1: 3}, both, left).replayed == 6
    assert log_loss({EPOCH: 19, EPOCH + 1: 3}, both, left) is None
    assert log_loss({EPOCH: 20, EPOCH + 1: 5}, both, {EPOCH: Held(1, 20)}) is None


def test_a_region_that_has_nothing_of_a_log_gets_all_of_it_from_the_truck():
    found = log_loss({}, {}, {EPOCH: Held(1, 5)})
    assert (found.messages, found.replayed) == (0, 5)


def test_it_is_what_counting_one_by_one_finds():
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    for _ in range(2_000):
        watermark, ends = draw.randint(0, 12), sorted(draw.randint(1, 14) for _ in range(4))
        mirror = Held(draw.randint(1, 8), draw.randint(0, 12))
        mirror = mirror if mirror.last >= mirror.first - 1 else Held(mirror.first, mirror.first - 1)
        truck = Held(ends[0], ends[-1])
        has = set(range(mirror.first, mirror.last + 1)) | set(range(truck.first, truck.last + 1))
        wanted = set(range(watermark + 1, max(mirror.last, truck.last) + 1))
        found = loss(watermark, mirror, truck)
        gone = {number for one in found.lost for number in range(one.first, one.last + 1)}
        assert (gone, found.replayed) == (wanted - has, len(wanted & has)), (seed, watermark, mirror, truck)
