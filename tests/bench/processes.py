"""What processes of this machine have used: processor time, and memory in which a page of several counts once."""

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

PAGE_BYTES = 4096
MIB = 1024**2
MAPPING = re.compile(r"(?P<first>\w+)-(?P<end>\w+) \S+ (?P<offset>\w+) (?P<device>\S+) (?P<inode>\d+)")
# Bits of an entry of /proc/<pid>/pagemap: the kernel's Documentation/admin-guide/mm/pagemap.rst.
PRESENT, OF_A_FILE = np.uint64(1 << 63), np.uint64(1 << 61)
ENTRY_BYTES = 8

type File = tuple[str, str]
"""Device and inode."""
type Pages = NDArray[np.int64]
"""Numbers of pages of a file, each once."""


@dataclass(frozen=True)
class Memory:
    """What a part of a set of processes holds of the machine's memory."""

    own_mib: float
    """What it has written: nobody else can have it."""
    shared_mib: float
    """Its share of files that are mapped, programs and libraries above all."""

    @property
    def mib(self) -> float:
        """All of it. Of all parts together: what the set takes of a machine where nothing else runs."""
        return self.own_mib + self.shared_mib


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it has started."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_s(processes: Iterable[psutil.Process]) -> float:
    """Seconds of processor time that they have taken so far."""
    spent_s = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent_s += times.user + times.system
    return spent_s


def memory(parts: Mapping[str, Iterable[psutil.Process]]) -> dict[str, Memory]:
    """Of each part of a set. A page of a file is divided among the processes of the set that have it.

    The kernel's own figure (Pss) divides it among all processes of the machine: of a truck whose regions run on the
    same one it is too small.
    """
    own_pages = dict.fromkeys(parts, 0)
    mapped: dict[File, list[tuple[str, Pages]]] = {}
    for part, processes in parts.items():
        for process in processes:
            own, of_files = _pages(process.pid)
            own_pages[part] += own
            for file, pages in of_files.items():
                mapped.setdefault(file, []).append((part, pages))
    shared_pages = dict.fromkeys(parts, 0.0)
    for users in mapped.values():
        count = np.bincount(np.concatenate([pages for _, pages in users]))
        for part, pages in users:
            shared_pages[part] += float((1 / count[pages]).sum())
    mib = PAGE_BYTES / MIB
    return {part: Memory(own_pages[part] * mib, shared_pages[part] * mib) for part in parts}


def _pages(pid: int) -> tuple[int, dict[File, Pages]]:
    """How many pages are a process' own, and which it has of files."""
    own = 0
    found: dict[File, list[Pages]] = {}
    directory = Path(f"/proc/{pid}")
    with (directory / "pagemap").open("rb") as pagemap:
        for mapping in MAPPING.finditer((directory / "maps").read_text()):
            first, end, offset = (int(mapping[name], 16) // PAGE_BYTES for name in ("first", "end", "offset"))
            pagemap.seek(first * ENTRY_BYTES)
            entries = np.frombuffer(pagemap.read((end - first) * ENTRY_BYTES), dtype=np.uint64)
            present = (entries & PRESENT) != 0
            of_a_file = present & ((entries & OF_A_FILE) != 0)
            own += int((present & ~of_a_file).sum())
            if of_a_file.any():
                file = (mapping["device"], mapping["inode"])
                found.setdefault(file, []).append(offset + np.flatnonzero(of_a_file))
    return own, {file: np.unique(np.concatenate(pages)) for file, pages in found.items()}
