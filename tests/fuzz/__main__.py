"""Fuzzes decoders, guided by coverage: `python -m tests.fuzz [--seconds N] [decoder ...]`, or one with a crash's file.

What is learnt stays in the user's cache; a crash is written there, with how to run it again.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ardoise.trackers.registry import names

from tests.fuzz.seeds import SHARED, seeds

HOUR_S = 3_600
MOST_MIB = 1_024
SLOWEST_INPUT_S = 5
LIMIT_BYTES = 8_192


def cache() -> Path:
    """Where the corpora and the crashes are."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ardoise" / "fuzz"


def fuzzed(name: str, seconds: int, directory: Path, seed: int = 0) -> int:
    """Fuzzes one decoder for so long; 0: nothing was found. seed 0: libFuzzer takes one, and prints it."""
    corpus, crashes = directory / name / "corpus", directory / name / "crash-"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(data)
    done = target(
        name, str(corpus), f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={crashes}",
        f"-max_len={LIMIT_BYTES}", f"-rss_limit_mb={MOST_MIB}", f"-timeout={SLOWEST_INPUT_S}", "-print_final_stats=1",
    )  # fmt: skip
    for crash in sorted(crashes.parent.glob("crash-*")):
        print(f"run it again: .venv/bin/python -m tests.fuzz {name} --crash {crash}", file=sys.stderr)
    return done


def target(name: str, *arguments: str) -> int:
    """One run of libFuzzer, in a process that it may end."""
    command = [sys.executable, "-m", "tests.fuzz.target", name, *arguments]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """0: nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("decoders", nargs="*", help="which; else all")
    parser.add_argument("--seconds", type=int, default=HOUR_S, help="for each (an hour)")
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer; 0: any")
    parser.add_argument("--directory", type=Path, default=cache(), help="of corpora and crashes")
    parser.add_argument("--crash", type=Path, help="run this input alone")
    asked = parser.parse_args()
    decoders = asked.decoders or list(names())
    if asked.crash:
        return target(decoders[0], str(asked.crash))
    if not SHARED.is_dir():
        print("real payloads absent (../shared/data/trackers): seeded with samples alone", file=sys.stderr)
    return max(fuzzed(name, asked.seconds, asked.directory, asked.seed) for name in decoders)


if __name__ == "__main__":
    sys.exit(main())
