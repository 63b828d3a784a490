"""What is published of the live race, and still of the stages before it."""

from collections import OrderedDict

from ardoise.chassis.newest import Newest
from ardoise.pb import common_pb2

EPOCHS_KEPT = 4
"""The newest of so many stages can still be asked for."""


class NewestOfStages[T]:
    """`newest` is what is published; `position` is the newest place in the log that was seen, published or not."""

    def __init__(self) -> None:
        self.newest: Newest[T] = Newest()
        self.position = common_pb2.ResumeToken()
        self._by_epoch: OrderedDict[int, T] = OrderedDict()

    def publish(self, epoch: int, value: T) -> None:
        """Replaces the newest of that stage, which is the live one."""
        self._by_epoch[epoch] = value
        self._by_epoch.move_to_end(epoch)
        while len(self._by_epoch) > EPOCHS_KEPT:
            self._by_epoch.popitem(last=False)
        self.newest.set(value)

    def reached(self, epoch: int, sequence: int) -> None:
        """The log goes on, also where no second of the race closes."""
        self.position = common_pb2.ResumeToken(epoch=epoch, sequence=sequence)

    def of_epoch(self, epoch: int) -> T | None:
        """The newest of a stage; epoch 0: of the live one."""
        return self.newest.value if epoch == 0 else self._by_epoch.get(epoch)
