"""Every derived value, in the order of the contract (RiderValues in analytics.proto), and all of them computed.

docs/derived-values.md is made from it: `python -m ardoise.analytics.values.reference docs/derived-values.md`.
"""

from ardoise.analytics.values import air, climb, effort, motion, race, road, won
from ardoise.analytics.values.scene import Scene
from ardoise.analytics.values.value import Column, Value

THEMES = {
    "Motion": motion,
    "Road": road,
    "Climb": climb,
    "Race and group": race,
    "Time won and lost": won,
    "Effort": effort,
    "Air": air,
}

VALUES: tuple[Value, ...] = tuple(value for theme in THEMES.values() for value in theme.VALUES)


def columns(scene: Scene) -> dict[str, Column]:
    """All values of a second, by name; the memory has taken the second in before."""
    return {name: column for theme in THEMES.values() for name, column in theme.columns(scene).items()}
