"""A disk whose power can be cut: ext4 in a file of its own. What was not synced when it is cut is gone.

A process killed with SIGKILL loses nothing that it has written, synced or not; only this tells the two apart.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

SIZE_BYTES = 4 * 1024**3
"""Of the file, which takes only what is written to it."""
COMMAND_LIMIT_S = 60
BLOCK_BYTES = 4096
STALL_S, BETWEEN_S = 2, 0.1
"""It stands, and then lets what waited for it through."""
MOST_STALLS = 60
"""Nobody who forgets it makes it stand for ever."""


class DiskUnavailable(RuntimeError):
    """This machine or this user cannot mount one."""


class Disk:
    """Mounted at a directory, in a mount namespace of this process's own, so that it goes with the process.

    Made in a process that has one thread yet. Raises DiskUnavailable.
    """

    def __init__(self, file: Path, directory: Path) -> None:
        self._file, self._directory = file, directory
        self._stalling: subprocess.Popen[bytes] | None = None
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

    def fill(self) -> None:
        """Takes all room that is left, and what is kept for root too."""
        size, chunk = 0, SIZE_BYTES
        with self._ballast.open("wb") as file:
            while chunk >= BLOCK_BYTES:
                try:
                    os.posix_fallocate(file.fileno(), size, chunk)
                except OSError:
                    chunk //= 2
                else:
                    size += chunk

    def stall(self) -> None:
        """From now on it stands for STALL_S, again and again: what is written, and what is synced, waits for it.

        In a process of its own, which lets go of it by itself: nobody can end who waits for a disk that stands.
        """
        quoted = shlex.quote(str(self._directory))
        freed = f"fsfreeze -u {quoted} 2>/dev/null"
        once = f"fsfreeze -f {quoted}; sleep {STALL_S}; {freed}; sleep {BETWEEN_S}"
        script = f"trap '{freed}; exit' TERM EXIT; for n in $(seq {MOST_STALLS}); do {once}; done"
        self._stalling = subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL)

    def ease(self) -> None:
        """As it was: it has room, and does not stand. Done twice it is done once."""
        self._ballast.unlink(missing_ok=True)
        if self._stalling is not None:
            self._stalling.terminate()
            self._stalling.wait(COMMAND_LIMIT_S)
            self._stalling = None

    @property
    def trouble(self) -> str:
        """Empty: none."""
        if self._ballast.exists():
            return "full"
        return "slow" if self._stalling is not None else ""

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
    def _ballast(self) -> Path:
        return self._directory / "ballast"

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
