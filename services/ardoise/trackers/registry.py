"""The decoders that are installed: ours and those of other packages, found by entry point."""

from functools import cache
from importlib.metadata import entry_points

from ardoise.trackers.decoding import GROUP, Decoder


@cache
def names() -> tuple[str, ...]:
    """Of every decoder, sorted; none is imported for it."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def decoder(name: str) -> Decoder:
    """Raises ValueError that says which there are."""
    for point in entry_points(group=GROUP, name=name):
        loaded = point.load()
        if not isinstance(loaded, Decoder) or loaded.name != name:
            raise ValueError(f"entry point {point.value} of {GROUP} is no Decoder named {name}")
        return loaded
    raise ValueError(f"there is no decoder {name}: there are {', '.join(names())}")
