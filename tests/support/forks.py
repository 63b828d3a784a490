"""Many short lives of one service, as forks of one process that has imported it."""

import subprocess
import sys
from pathlib import Path
from typing import Self


class Forks:
    """Lives of a service, one after another, each killed at a place of our choice. `module` is in tests.support."""

    def __init__(self, module: str, *arguments: object, log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"tests.support.{module}", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=Path(__file__).parents[2],
            )
        self._log = log

    def run(self, failpoint: str = "-", hits: int = 0, *more: object) -> int:
        """Returns the signal that ended it; 0: it came to its end. `more` is what the module is told besides."""
        self._process.stdin.write(" ".join(map(str, (failpoint, hits, *more))) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._log.read_text()[-3000:]
        return int(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)
