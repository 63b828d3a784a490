"""A disk whose power can be cut: ext4 in a file of its own. What was not synced when it is cut is gone.

A process killed with SIGKILL loses nothing that it has written, synced or not; only this tells the two apart.
"""

import os
import shutil
import subprocess
from pathlib import Path

SIZE_BYTES = 4 * 1024**3
"""Of the file, which takes only what is written to it."""
COMMAND_LIMIT_S = 60


class DiskUnavailable(RuntimeError):
    """This machine or this user cannot mount one."""


class Disk:
    """Mounted at a directory, in a mount namespace of this process's own, so that it goes with the process.

    Made in a process that has one thread yet. Raises DiskUnavailable.
    """

    def __init__(self, file: Path, directory: Path) -> None:
        self._file, self._directory = file, directory
        if os.geteuid() != 0:
            raise DiskUnavailable("a disk whose power can be cut is mounted, which takes root")
        os.unshare(os.CLONE_NEWNS)
        _run("mount", "--make-rprivate", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            with file.open("wb") as made:
                made.truncate(SIZE_BYTES)
            _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(file))
        self._mount()

    def image(self) -> None:
        """Keeps what is on the disk now, and not in the kernel's memory: as after a power cut at this instant.

        Whoever writes to it stands still meanwhile.
        """
        _run("cp", "--sparse=always", str(self._file), str(self._cut))

    def restore_image(self) -> None:
        """Puts the disk back to image(); whoever used it has been killed."""
        _run("umount", str(self._directory))
        shutil.move(self._cut, self._file)
        self._mount()

    @property
    def _cut(self) -> Path:
        return self._file.with_suffix(".cut")

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._file), str(self._directory))


def _run(*argv: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
    except FileNotFoundError as error:
        raise DiskUnavailable(f"{argv[0]} is missing: install e2fsprogs and util-linux") from error
    if done.returncode != 0:
        raise DiskUnavailable(f"{' '.join(argv)}: {done.stderr.strip()}")
