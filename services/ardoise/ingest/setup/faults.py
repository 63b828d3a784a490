"""What is wrong with a set-up file, in a form that a person can act on."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: where it is, what it is, what to do about it."""

    file: str
    line: int
    """From 1; 0 where the file has no lines."""
    path: str
    """Within the document: `riders[3].team`; empty for the document itself."""
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path + ': ' if self.path else ''}{self.what}. {self.remedy}"


class SetupInvalid(ValueError):
    """A set-up cannot be used; carries every fault that was found, in the order of the file."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
