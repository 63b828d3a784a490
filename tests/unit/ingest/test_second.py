"""What a relay is still owed: kept in order, bounded, and said when some of it was forgotten."""

from ardoise.ingest.domain.second import SecondAcknowledgements, Waiting


def waiting(number: int, stream: str = "LOG_1") -> Waiting:
    return Waiting(number, 1, stream, 100 + number)


def test_frames_are_due_once_a_region_has_them_and_only_once():
    owed = SecondAcknowledgements()
    for number in range(1, 6):
        owed.add(waiting(number))
    assert [frame.frame_number for frame in owed.due(lambda _, sequence: sequence <= 103)] == [1, 2, 3]
    assert [frame.frame_number for frame in owed.due(lambda *_: True)] == [4, 5]
    assert len(owed) == 0


def test_a_log_that_no_region_mirrors_holds_up_no_other():
    owed = SecondAcknowledgements()
    owed.add(waiting(1, "LOG_1"))
    owed.add(waiting(2, "LOG_2"))
    assert [frame.frame_number for frame in owed.due(lambda stream, _: stream == "LOG_2")] == [2]
    assert len(owed) == 1


def test_a_relay_that_waits_for_hours_takes_no_more_memory_and_is_told():
    owed = SecondAcknowledgements(most=3)
    for number in range(1, 4):
        owed.add(waiting(number))
    assert not owed.forgot
    owed.add(waiting(4))
    assert owed.forgot
    assert [frame.frame_number for frame in owed.due(lambda *_: True)] == [2, 3, 4]
