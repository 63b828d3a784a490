"""What the bed takes from Debian 13, without installing it: buildah, the root of our images, libseccomp for runc."""

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ardoise.up.programs import ProgramsMissing, unpacked

from tests.kubernetes.bed.layout import cache_dir
from tests.kubernetes.bed.oci import write_archive

SUITE = "trixie"
HELPERS = "usr/lib/podman"
BASE_IMAGE = "localhost/debian:trixie"
# Bumped where code below makes another root of the same constants.
RECIPE = "2"
DEBOOTSTRAP_LIMIT_S = 900.0
COMMAND_LIMIT_S = 120.0
# As the slim images of Debian do: nobody reads manuals in a container, and packages added later keep to it.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
"""
LEFT_OUT = (
    *(f"usr/share/{name}" for name in ("man", "locale", "info", "lintian")),
    *("var/cache/apt", "var/lib/apt/lists", "var/log", "dev"),
)
# The machine's name, its name servers, its mirror: builds get theirs as they run.
OF_THIS_MACHINE = ("etc/hostname", "etc/resolv.conf", "etc/apt/sources.list")
KEPT = ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/log", "dev")
"""Directories that stay, empty."""
# Nobody but root is asked whom to trust: the only images taken in are files of this machine.
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}\n'


def buildah(progress: Callable[[str], None]) -> Path:
    """A buildah that keeps its images in the cache and needs no file in /etc, whoever calls it.

    Raises ProgramsMissing.
    """
    told = "buildah of Debian 13 (about 60 MB, unpacked, not installed)"
    # It asks for netavark before it does anything, although with this isolation it never runs it.
    wanted = ["usr/bin/buildah", f"{HELPERS}/netavark"]
    folder = unpacked("trixie-buildah", ("buildah", "netavark"), wanted, progress, told)
    home = cache_dir() / "buildah"
    containers = home / ".config" / "containers"
    containers.mkdir(parents=True, exist_ok=True)
    (containers / "policy.json").write_text(POLICY)
    (containers / "registries.conf").write_text("")
    (containers / "containers.conf").write_text(f'[engine]\nhelper_binaries_dir = ["{folder / HELPERS}"]\n')
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{home}/storage"\nrunroot = "{home}/run"\n'
    (containers / "storage.conf").write_text(storage)
    surroundings = {
        "HOME": home,
        "CONTAINERS_STORAGE_CONF": containers / "storage.conf",
        "CONTAINERS_REGISTRIES_CONF": containers / "registries.conf",
        "CONTAINERS_CONF": containers / "containers.conf",
        "BUILDAH_ISOLATION": "chroot",
    }
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in surroundings.items()]
    return _script(home / "buildah", [*lines, f'exec {shlex.quote(str(folder / "usr/bin/buildah"))} "$@"'])


def base_image(progress: Callable[[str], None]) -> Path:
    """An OCI archive of Debian 13's smallest root, named BASE_IMAGE. Takes root. Raises ProgramsMissing."""
    archive = cache_dir() / "base" / "debian.tar"
    # Debian's own updates within the suite are not worth half a minute each time.
    recipe = (RECIPE, SUITE, SLIM, LEFT_OUT, OF_THIS_MACHINE, KEPT)
    made_of = hashlib.sha256(repr(recipe).encode()).hexdigest()
    mark = archive.with_suffix(".made-of")
    if archive.exists() and mark.exists() and mark.read_text() == made_of:
        return archive
    progress("the root of our images: Debian 13 (about 35 s)")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as parent:
        root = Path(parent) / "root"
        _debootstrap(root, progress)
        write_archive(archive, BASE_IMAGE, _packed(root), ["bash"])
    mark.write_text(made_of)
    return archive


def seccomp(progress: Callable[[str], None]) -> Path:
    """A pkg-config that knows one library, libseccomp, to be linked statically. Raises ProgramsMissing."""
    told = "libseccomp of Debian 13, for runc (about 1 MB, unpacked, not installed)"
    folder = unpacked("trixie-seccomp", ("libseccomp-dev",), [], progress, told)
    (library,) = folder.glob("usr/lib/*/libseccomp.a")
    answers = (
        f'case "$*" in *--libs*) echo {shlex.quote(str(library))};; *) echo -I{shlex.quote(str(folder))}'
    )
    return _script(cache_dir() / "seccomp" / "pkg-config", [f"{answers}/usr/include;; esac"])


def _script(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    part.chmod(0o755)
    part.replace(path)
    return path


def _debootstrap(root: Path, progress: Callable[[str], None]) -> None:
    if os.geteuid() != 0:
        raise ProgramsMissing("a root of Debian is made as root (debootstrap)")
    told = "debootstrap of Debian 13 (about 5 MB, unpacked, not installed)"
    folder = unpacked("trixie-debootstrap", ("debootstrap", "wget"), ["usr/bin/wget"], progress, told)
    surroundings = {
        **os.environ,
        "DEBOOTSTRAP_DIR": str(folder / "usr/share/debootstrap"),
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin:{folder}/usr/bin",
    }
    program = folder / "usr/sbin/debootstrap"
    command = ["sh", program, "--variant=minbase", SUITE, root, _mirror()]
    _run(command, surroundings, DEBOOTSTRAP_LIMIT_S)
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
    for left_out in LEFT_OUT:
        shutil.rmtree(root / left_out, ignore_errors=True)
    for kept in KEPT:
        (root / kept).mkdir(parents=True, exist_ok=True)
    for document in (root / "usr/share/doc").rglob("*"):
        if document.is_file() and document.name != "copyright":
            document.unlink()
    for name in OF_THIS_MACHINE:
        (root / name).unlink(missing_ok=True)


def _mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    done = _run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"], dict(os.environ))
    found = [line.removeprefix("Debian ") for line in done.splitlines() if line.startswith("Debian ")]
    if not found:
        raise ProgramsMissing("apt knows no Debian mirror here")
    return found[0]


def _packed(root: Path) -> bytes:
    command = ["tar", "--create", "--sort=name", "--numeric-owner", "--xattrs", f"--directory={root}", "."]
    done = subprocess.run(command, capture_output=True, timeout=COMMAND_LIMIT_S)
    if done.returncode != 0:
        raise ProgramsMissing(f"tar: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _run(command: list[str | Path], surroundings: dict[str, str], limit_s: float = COMMAND_LIMIT_S) -> str:
    try:
        done = subprocess.run(
            command,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=limit_s,
            stdin=subprocess.DEVNULL,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise ProgramsMissing(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        last = "\n".join((done.stderr + done.stdout).strip().splitlines()[-5:])
        raise ProgramsMissing(f"{' '.join(map(str, command))}: {last}")
    return done.stdout
