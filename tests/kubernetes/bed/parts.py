"""The programs of a cluster, built from Go modules that are pinned beside this file, once a machine and version."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kubernetes.bed.debian import seccomp
from tests.kubernetes.bed.layout import cache_dir
from tests.kubernetes.bed.oci import layer_of, write_archive

MODULES = Path(__file__).parent / "modules"
BUILD_LIMIT_S = 3600.0
"""Of one part: a busy machine takes several times what an idle one does."""
KUBERNETES = "v1.36.3"
PAUSE_IMAGE = "localhost/pause:1"
PROBE_IMAGE = "localhost/probe:1"
# Bumped when a flag of `go build` below changes: what it makes is part of the key.
RECIPE = "1"


class PartsMissing(RuntimeError):
    """They are not built and cannot be; the message says why, and how to get what is missing."""


@dataclass(frozen=True)
class Part:
    """What one module gives."""

    name: str
    """Of the module's folder."""
    programs: Mapping[str, str]
    """Name of a program to the package that it is built from."""
    usual_s: int
    """How long it takes on two cores with nothing cached."""
    stamps: Mapping[str, str]
    """Variables that the linker sets."""
    tags: tuple[str, ...] = ()
    c: bool = False
    """Has C in it, and so needs a C compiler."""
    image: str = ""
    """Name of an image of its one program alone."""


@dataclass(frozen=True)
class AddOn(Part):
    """What a cluster does not need, and the tests of what the chart offers to clusters that have it."""

    module: str = ""
    """Whose version is the add-on's."""
    chart: str = ""
    """Folder of a Helm chart, in that module's own tree."""


def _stamps() -> dict[str, str]:
    """Without its version a server calls itself v0.0.0, and Helm takes it for too old."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    version = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return {f"{package}.{name}": value for package in packages for name, value in version.items()}


_KUBERNETES_PROGRAMS = (
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"),
    *("kubelet", "kubectl"),
)
_CONTAINERD = "github.com/containerd/containerd/v2"
_PLUGINS = "github.com/containernetworking/plugins/plugins"
PARTS = (
    Part(
        "kubernetes",
        {program: f"k8s.io/kubernetes/cmd/{program}" for program in _KUBERNETES_PROGRAMS},
        375,
        _stamps(),
    ),
    Part(
        "containerd",
        {
            program: f"{_CONTAINERD}/cmd/{program}"
            for program in ("containerd", "containerd-shim-runc-v2", "ctr")
        },
        65,
        {f"{_CONTAINERD}/version.Version": "v2.4.2"},
    ),
    Part("runc", {"runc": "github.com/opencontainers/runc"}, 15, {}, ("seccomp",), c=True),
    Part(
        "network",
        {
            "ptp": f"{_PLUGINS}/main/ptp",
            "host-local": f"{_PLUGINS}/ipam/host-local",
            "loopback": f"{_PLUGINS}/main/loopback",
            "portmap": f"{_PLUGINS}/meta/portmap",
        },
        15,
        {},
    ),
    Part("dns", {"coredns": "."}, 60, {}),
    Part("pause", {"pause": "."}, 2, {}, image=PAUSE_IMAGE),
    Part("probe", {"probe": "."}, 5, {}, image=PROBE_IMAGE),
)
METRICS = AddOn(
    "metrics",
    {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
    100,
    {},
    image="localhost/metrics-server:1",
    module="sigs.k8s.io/metrics-server",
    chart="charts/metrics-server",
)
INGRESS = AddOn(
    "ingress",
    {"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
    300,
    {},
    image="localhost/traefik:1",
    module="github.com/traefik/traefik/v3",
)
CERTIFICATES = AddOn(
    "certificates",
    {"cert-manager": "."},
    160,
    {},
    image="localhost/cert-manager:1",
    module="github.com/cert-manager/cert-manager",
    chart="deploy/charts/cert-manager",
)
ADD_ONS = (METRICS, INGRESS, CERTIFICATES)


@dataclass(frozen=True)
class Built:
    """Where every program is."""

    folders: Mapping[str, Path]

    def program(self, name: str) -> Path:
        """Raises KeyError for a program that no part has."""
        for part in PARTS:
            if name in part.programs:
                return self.folders[part.name] / name
        raise KeyError(name)

    def image(self, name: str) -> Path:
        """An OCI archive: PAUSE_IMAGE, PROBE_IMAGE or an add-on's. Raises KeyError for another."""
        for part in (*PARTS, *ADD_ONS):
            if part.image == name:
                return self.folders[part.name] / "image.tar"
        raise KeyError(name)


def build(progress: Callable[[str], None], parts: Sequence[Part] = PARTS) -> Built:
    """Builds what is not in the cache, telling `progress` so. Raises PartsMissing, ProgramsMissing."""
    go = _go()
    folders = {part.name: _folder(part, _key(part, _version(go))) for part in parts}
    missing = [part for part in parts if not (folders[part.name] / "complete").exists()]
    if missing:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with (cache_dir() / "build.lock").open("w") as lock:
            _wait_for(lock.fileno(), progress)
            for number, part in enumerate(missing, 1):
                if not (folders[part.name] / "complete").exists():
                    usual = f"{part.usual_s} s on two idle cores"
                    progress(f"building {part.name} ({number} of {len(missing)}): {usual}, once")
                    _build(part, go, folders[part.name], progress)
    return Built(folders)


def unbuilt(parts: Sequence[Part]) -> list[str]:
    """Names of those that are not in the cache. Raises PartsMissing."""
    toolchain = _version(_go())
    return [part.name for part in parts if not (_folder(part, _key(part, toolchain)) / "complete").exists()]


def found(*names: str) -> Built:
    """Parts that are in the cache; builds nothing. Raises PartsMissing where one is not, with how to get it."""
    toolchain, wanted = _version(_go()), [part for part in PARTS if part.name in names]
    folders = {part.name: _folder(part, _key(part, toolchain)) for part in wanted}
    if missing := unbuilt(wanted):
        raise PartsMissing(
            f"not built yet: {', '.join(missing)}; once, as root: .venv/bin/python -m tests.kubernetes.bed build"
        )
    return Built(folders)


def version(add_on: AddOn) -> str:
    """That its module is pinned to."""
    return _of_module(add_on, "Version")


def chart(add_on: AddOn) -> Path:
    """The folder of its Helm chart, where Go keeps modules. Raises PartsMissing."""
    return Path(_of_module(add_on, "Dir")) / add_on.chart


def _of_module(add_on: AddOn, what: str) -> str:
    done = _run_go([_go(), "mod", "download", "-json", add_on.module], MODULES / add_on.name, os.environ)
    return json.loads(done)[what]


def _go() -> str:
    found = shutil.which("go")
    if found is None:
        raise PartsMissing(
            "the parts of a cluster are built with Go, and there is none here: install Go 1.26.8 or newer"
        )
    return found


def _version(go: str) -> str:
    done = subprocess.run(
        [go, "env", "GOVERSION", "GOARCH"], capture_output=True, text=True, timeout=60, cwd=MODULES / "pause"
    )
    if done.returncode != 0:
        raise PartsMissing(f"go env: {done.stderr.strip()}")
    return done.stdout


def _key(part: Part, toolchain: str) -> str:
    digest = hashlib.sha256(repr((RECIPE, part, toolchain)).encode())
    for file in sorted((MODULES / part.name).iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _folder(part: Part, key: str) -> Path:
    return cache_dir() / "parts" / f"{part.name}-{key}"


def _wait_for(lock: int, progress: Callable[[str], None]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress("another run builds them; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _build(part: Part, go: str, folder: Path, progress: Callable[[str], None]) -> None:
    began = time.monotonic()
    surroundings = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    if part.c:
        if shutil.which("gcc") is None and shutil.which("cc") is None:
            raise PartsMissing(
                f"{part.name} needs a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev)"
            )
        surroundings |= {"CGO_ENABLED": "1", "PKG_CONFIG": str(seccomp(progress))}
    parent = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(parents=True)
    _run_go(_command(part, go, parent), MODULES / part.name, surroundings)
    for program in part.programs:
        if not (parent / program).exists():
            # `.` is named as its module.
            (parent / part.name).rename(parent / program)
    if part.image:
        (program,) = part.programs
        write_archive(
            parent / "image.tar", part.image, layer_of(parent / program), [f"/{program}"], "Entrypoint"
        )
    (parent / "complete").touch()
    shutil.rmtree(folder, ignore_errors=True)
    parent.rename(folder)
    progress(f"built {part.name} in {time.monotonic() - began:.0f} s")


def _command(part: Part, go: str, folder: Path) -> Sequence[str]:
    linker = ["-s", "-w", *(f"-X {name}={value}" for name, value in part.stamps.items())]
    tags = [f"-tags={','.join(part.tags)}"] if part.tags else []
    return [
        *(go, "build", "-trimpath", "-buildvcs=false", f"-ldflags={' '.join(linker)}"),
        *(*tags, "-o", f"{folder}/", *part.programs.values()),
    ]


def _run_go(command: Sequence[str], module: Path, surroundings: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command, cwd=module, env=surroundings, capture_output=True, text=True, timeout=BUILD_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise PartsMissing(f"building {module.name} took longer than {BUILD_LIMIT_S:.0f} s") from error
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-10:])
        raise PartsMissing(f"go {command[1]} of {module.name} failed:\n{last}")
    return done.stdout
