"""Every decoder that is registered passes what any decoder must."""

from ardoise.trackers.conformance import Conformance
from ardoise.trackers.registry import decoder, names

# One class for each, so that a failure names its decoder.
for _name in names():
    _class = f"Test{_name.capitalize()}"
    globals()[_class] = type(_class, (Conformance,), {"decoder": decoder(_name), "__module__": __name__})
