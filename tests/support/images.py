"""Container images as the tests look at them: unpacked from their OCI archives, and what uv.lock says is in them."""

import functools
import gzip
import json
import os
import shlex
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
COMMAND_LIMIT_S = 120.0
SITE_PACKAGES = "opt/ardoise/lib/python3.13/site-packages"
UID = 10001
EXTRAS = {
    "edge": ("wall", "otlp", "trackers"),
    "nats": ("wall", "otlp", "trackers", "nats"),
    "etcd": ("wall", "otlp", "trackers"),
    "full": ("wall", "otlp", "trackers", "region", "operator", "drills"),
    "patroni": ("wall", "otlp", "trackers", "region", "operator", "drills", "sites"),
}
"""Image -> what it takes of Ardoise beside what everything needs."""


@dataclass(frozen=True)
class Image:
    """One image, unpacked as a container would see it."""

    name: str
    root: Path
    manifest: Mapping[str, Any]
    document: Mapping[str, Any]
    """Its whole configuration, history too."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What a container of it starts with."""
        return self.document["config"]

    @functools.cached_property
    def files(self) -> list[tuple[Path, os.stat_result]]:
        """Everything in it, links not followed."""
        found = [
            Path(folder, name)
            for folder, directories, names in os.walk(self.root)
            for name in (*directories, *names)
        ]
        return [(path, path.lstat()) for path in found]

    def inside(self, path: Path) -> str:
        """As a process in the container names it."""
        return f"/{path.relative_to(self.root)}"

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command as the image's user, on a read-only root, with /tmp and its state directory to write to."""
        root = shlex.quote(str(self.root))
        writable = [("tmp", "mode=1777"), ("var/lib/ardoise", f"mode=750,uid={UID},gid={UID}")]
        steps = [
            f"mount --bind {root} {root}",
            f"mount -o remount,bind,ro {root}",
            *(f"mount -t tmpfs -o {options} tmpfs {root}/{folder}" for folder, options in writable),
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
            f"exec chroot --userspec={self.config['User']} {root} env -i {shlex.join(self.config['Env'])} "
            f'sh -c \'cd "$0" && exec "$@"\' {self.config["WorkingDir"]} {shlex.join(command)}',
        ]
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", " && ".join(steps)],
            input=stdin, capture_output=True, text=True, timeout=COMMAND_LIMIT_S,
        )  # fmt: skip


def unpacked(name: str, archive: Path, root: Path) -> Image:
    """Lays the layers of an OCI archive over each other, owners and modes as they are. Takes root."""
    root.mkdir(mode=0o755)
    with tarfile.open(archive) as opened:

        def read(path: str) -> bytes:
            found = opened.extractfile(path)
            assert found is not None, path
            return found.read()

        def blob(digest: str) -> bytes:
            return read(f"blobs/{digest.replace(':', '/')}")

        (described,) = json.loads(read("index.json"))["manifests"]
        manifest = json.loads(blob(described["digest"]))
        for layer in manifest["layers"]:
            content = blob(layer["digest"])
            _lay(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content, root)
        return Image(name, root, manifest, json.loads(blob(manifest["config"]["digest"])))


def _lay(layer: bytes, root: Path) -> None:
    listed = subprocess.run(["tar", "--list"], input=layer, capture_output=True, check=True).stdout.decode()
    for marked in (Path(line) for line in listed.splitlines() if Path(line).name.startswith(WHITEOUT)):
        folder = root / marked.parent
        gone = (
            list(folder.iterdir()) if marked.name == OPAQUE else [folder / marked.name.removeprefix(WHITEOUT)]
        )
        for path in gone:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    command = [
        "tar",
        "--extract",
        "--preserve-permissions",
        "--same-owner",
        "--numeric-owner",
        "--keep-directory-symlink",
    ]
    command += ["--overwrite", "--exclude", f"{WHITEOUT}*", "--directory", str(root)]
    subprocess.run(command, input=layer, check=True, timeout=COMMAND_LIMIT_S)


def locked(lock: Path, extras: Sequence[str]) -> dict[str, str]:
    """What uv.lock installs of Ardoise with these extras on Debian 13: name -> version, without Ardoise."""
    packages = {package["name"]: package for package in tomllib.loads(lock.read_text())["package"]}
    surroundings = {"python_full_version": "3.13.5", "python_version": "3.13"}
    found: dict[str, str] = {}
    seen = set()
    waiting = [("ardoise", ""), *(("ardoise", extra) for extra in extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        package = packages[name]
        needs = (
            package.get("optional-dependencies", {}).get(extra, [])
            if extra
            else package.get("dependencies", [])
        )
        for need in needs:
            if "marker" in need and not Marker(need["marker"]).evaluate(surroundings):
                continue
            waiting += [(need["name"], ""), *((need["name"], each) for each in need.get("extra", []))]
            found[need["name"]] = packages[need["name"]]["version"]
    return found
