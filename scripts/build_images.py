"""Builds our container images where what they are made of changed, and checks their sizes: `make images`.

Each becomes an OCI archive in the user's cache, ardoise/images/<name>.tar. Exit code 1: one did not build or is over
its limit; 69: nothing on this machine builds images, and standard error says how to get it.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from ardoise.up.programs import in_cache
from image_archives import NoArchive, sizes
from image_builders import NAMES, Builder, NoBuilder, find_builder, secrets

REPOSITORY = Path(__file__).resolve().parent.parent
REGISTRY = "localhost/ardoise"
MB = 1_000_000
UNAVAILABLE = 69
BUILD_LIMIT_S = 1800.0
END_LIMIT_S = 10.0
DOT_EVERY_S = 2.0
LAST_LINES = 20


@dataclass(frozen=True)
class Image:
    """One image, and how large it may become: what a truck loads over a radio link is the packed one."""

    name: str
    target: str
    most_unpacked_mb: int
    most_packed_mb: int
    variant: str = ""


IMAGES = (
    Image("edge", "ardoise", 300, 105, "edge"),
    Image("nats", "nats", 320, 115),
    Image("etcd", "etcd", 370, 130),
    Image("full", "ardoise", 350, 120, "full"),
    Image("patroni", "patroni", 460, 165),
)


@dataclass(frozen=True)
class Built:
    """What is known of an archive without reading it."""

    made_of: str
    unpacked: int
    packed: int


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="scripts/images", description="Builds our container images.")
    names = [image.name for image in IMAGES]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; all where none is named"
    )
    parser.add_argument(
        "--with", dest="builder", choices=NAMES, default="", help="default: the first that works"
    )
    parser.add_argument(
        "--base", default="", help="base image, of Debian 13; default: as the builder can get one"
    )
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(names):
        parser.error(f"no such image: {', '.join(sorted(unknown))} (there are {', '.join(names)})")
    folder = in_cache("images")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        _wait_for(lock)
        chosen = [image for image in IMAGES if image.name in (wanted.names or names)]
        try:
            built = build_all(chosen, find_builder(wanted.builder, wanted.base), folder)
        except NoBuilder as error:
            _say(f"images were not built: {error}")
            return UNAVAILABLE
    print(table(built))
    return 0 if len(built) == len(chosen) and not any(over(*each) for each in built) else 1


def build_all(images: Sequence[Image], builder: Builder, folder: Path) -> list[tuple[Image, Built]]:
    """Builds what is not current; stops at the first that fails, after saying why. Raises NoBuilder."""
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    sources = digest_of(sources_of(REPOSITORY), REPOSITORY)
    done = []
    for image in images:
        parts = (image.target, image.variant, version, builder.base, sources)
        made_of = hashlib.sha256(repr(parts).encode()).hexdigest()
        found = current(folder, image, made_of) or _build(image, builder, version, folder, made_of)
        if not found:
            break
        done.append((image, found))
    return done


def sources_of(repository: Path) -> list[Path]:
    """Every file that a build can see: what .dockerignore lets through, the Dockerfile, and what runs the build."""
    allowed = [
        repository / line[1:]
        for line in (repository / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    files = [repository / "Dockerfile", repository / ".dockerignore"]
    for path in allowed:
        files += [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return sorted(path for path in files if "__pycache__" not in path.relative_to(repository).parts)


def digest_of(files: Sequence[Path], repository: Path) -> str:
    """Of names, modes and contents."""
    total = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(repository)} {path.stat().st_mode:o} {content}\n".encode())
    return total.hexdigest()


def current(folder: Path, image: Image, made_of: str) -> Built | None:
    """What is known of an image's archive, where it is made of just that."""
    try:
        found = Built(**json.loads((folder / f"{image.name}.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if found.made_of == made_of and (folder / f"{image.name}.tar").exists() else None


def over(image: Image, built: Built) -> list[str]:
    """Which limits it breaks, in words."""
    pairs = (
        ("unpacked", built.unpacked, image.most_unpacked_mb),
        ("compressed", built.packed, image.most_packed_mb),
    )
    return [f"{size / MB:.0f} MB {what}, over {most} MB" for what, size, most in pairs if size > most * MB]


def table(built: Sequence[tuple[Image, Built]]) -> str:
    """Sizes beside their limits."""
    rows = [("image", "unpacked MB", "at most", "compressed MB", "at most", "")]
    for image, found in built:
        rows.append(
            (
                image.name,
                f"{found.unpacked / MB:.0f}",
                str(image.most_unpacked_mb),
                f"{found.packed / MB:.0f}",
                str(image.most_packed_mb),
                "TOO LARGE: " + "; ".join(broken) if (broken := over(image, found)) else "ok",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _build(image: Image, builder: Builder, version: str, folder: Path, made_of: str) -> Built | None:
    """Builds and saves it; the archive takes its name once it is whole. None where that failed: said already.

    Raises NoBuilder.
    """
    name = f"{REGISTRY}/{image.name}:{version}"
    archive, part = folder / f"{image.name}.tar", folder / f"{image.name}.part"
    arguments = {"VERSION": version, **({"VARIANT": image.variant} if image.variant else {})}
    part.unlink(missing_ok=True)
    started = time.monotonic()
    builder.get_ready()
    try:
        done = _both(builder, image, name, arguments, part, folder / f"{image.name}.log")
    finally:
        builder.tidy()
    if not done:
        return None
    try:
        built = Built(made_of, *sizes(part))
    except NoArchive as error:
        _say(f"{image.name}: {error}; docker writes them from version 25 on")
        return None
    part.replace(archive)
    (folder / f"{image.name}.json").write_text(json.dumps(asdict(built)))
    _say(f"{image.name}: built in {time.monotonic() - started:.0f} s")
    return built


def _both(
    builder: Builder, image: Image, name: str, arguments: dict[str, str], archive: Path, log_file: Path
) -> bool:
    with tempfile.TemporaryDirectory(prefix="ardoise-images-") as private, log_file.open("w") as log:
        build = builder.build(name, image.target, arguments, secrets(Path(private)))
        return all(_run(command, log, image.name) for command in (build, builder.save(name, archive)))


def _run(command: Sequence[str], log: IO[str], name: str) -> bool:
    """Runs it with a dot now and then; shows the end of its log where it fails."""
    _say(f"{name}: {command[1]} ", end="")
    print(f"$ {shlex.join(command)}", file=log, flush=True)
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + BUILD_LIMIT_S
    try:
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(DOT_EVERY_S)
                break
            print(".", end="", file=sys.stderr, flush=True)
    finally:
        _end(process)
    print(file=sys.stderr)
    if process.returncode != 0:
        lines = Path(log.name).read_text(errors="replace").splitlines()
        _say(f"{name}: {command[1]} failed; the end of {log.name}:")
        print("\n".join(lines[-LAST_LINES:]), file=sys.stderr)
    return process.returncode == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """It, and what it started: an apt-get or a uv in a step."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_LIMIT_S)


def _wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("another run builds images; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _say(text: str, end: str = "\n") -> None:
    print(f"==> {text}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # As Ctrl-C: what it started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
