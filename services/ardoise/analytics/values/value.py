"""One derived value as its readers see it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""One element per rider, by bib; NaN: unknown."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field of RiderValues: what it is called, measured in, means and is made of."""

    name: str
    """With its unit, unless it is a count."""
    unit: str
    """Empty: a count."""
    meaning: str
    formula: str
    digits: int = 0
    """Digits behind the point that are published: no more than are meant."""
