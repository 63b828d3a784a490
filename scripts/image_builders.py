"""What builds container images on this machine: docker or podman where they work, else buildah without either."""

import os
import resource
import shlex
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image_archives import image_id

NAMES = ("docker", "podman", "buildah")
SLIM = "debian:trixie-slim"
"""The base where there is a registry to get it from."""
SUITES = {"Debian": "trixie", "Debian-Security": "trixie-security"}
"""What apt calls an archive -> the suite of it that goes into images."""
DEBIANS_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
CA_INSIDE = "/run/secrets/ca"
"""Where a step of the Dockerfile finds this machine's certificates, while it runs."""
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
AUTHORITIES = ("SSL_CERT_FILE", "PIP_CERT")
# docker and podman answer at once, or wait for a daemon that never comes.
ASKING_LIMIT_S = 10.0
# buildah and a base of our own: two downloads and an unpacked Debian.
GETTING_LIMIT_S = 900.0
# Some eighty versions of Ardoise, or four of everything.
MOST_STORED_KB = 8_000_000


class NoBuilder(RuntimeError):
    """Nothing here builds images; the message says why, and how to get it."""


@dataclass(frozen=True)
class Builder:
    """One of NAMES, and the base image it builds on."""

    program: str
    base: str
    options: tuple[str, ...]
    """Of a build."""
    saves: str
    """Arguments that write the image {name} into the OCI archive {archive}."""
    base_archive: Path | None = None
    """Where the base is, if not in a registry; the builder's store is ours then."""

    def get_ready(self) -> None:
        """Takes the base from its archive into a store that stays within its bound. Raises NoBuilder."""
        if self.base_archive is None:
            return
        self.tidy()
        store = self._told("info", "--format", "{{.store.GraphRoot}}").strip()
        # Every step of every version of an image is in there, so that what did not change is not made again.
        kilobytes = subprocess.run(["du", "-sk", store], capture_output=True, text=True, check=True).stdout
        if int(kilobytes.split()[0]) > MOST_STORED_KB:
            print("==> emptying the builder's store, which has grown", file=sys.stderr)
            self._told("rmi", "--all", "--force")
        self._told("pull", "--quiet", f"oci-archive:{self.base_archive}")

    def tidy(self) -> None:
        """Takes away what a build left mounted that failed, or was killed. Raises NoBuilder."""
        if self.base_archive is not None:
            self._told("rm", "--all")

    def _told(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=GETTING_LIMIT_S
        )
        if done.returncode != 0:
            raise NoBuilder(f"{self.program} {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def build(
        self, name: str, target: str, arguments: Mapping[str, str], secrets: Mapping[str, Path]
    ) -> list[str]:
        """The argv that builds a target of the Dockerfile in the working directory."""
        command = [self.program, "build", *self.options, "--target", target, "--tag", name]
        for key, value in {"BASE": self.base, **arguments}.items():
            command += ["--build-arg", f"{key}={value}"]
        for key, path in secrets.items():
            command += ["--secret", f"id={key},src={path}"]
        return [*command, "."]

    def save(self, name: str, archive: Path) -> list[str]:
        """The argv that writes a built image as an OCI archive."""
        return [self.program, *(part.format(name=name, archive=archive) for part in self.saves.split())]


def find_builder(wanted: str = "", base: str = "") -> Builder:
    """The one wanted, else the first of NAMES that works here. Raises NoBuilder."""
    for name in [wanted] if wanted else NAMES:
        if name == "buildah":
            return _buildah(base)
        if _answers(name):
            # No records of how it was built: tools expect one image in an archive, not an index of two things.
            if name == "docker":
                return Builder(name, base or SLIM, ("--provenance=false",), "save -o {archive} {name}")
            return Builder(name, base or SLIM, ("--layers",), "save --format oci-archive -o {archive} {name}")
    raise NoBuilder(f"{wanted} does not answer here ({wanted} info)")


def secrets(folder: Path) -> Mapping[str, Path]:
    """What the Dockerfile mounts, written to `folder`: `host`, and `ca` where the machine has certificates."""
    authorities = ssl.get_default_verify_paths().cafile
    script = folder / "host"
    script.write_text(host_script(os.environ, _mirrors(), authorities is not None))
    script.chmod(0o600)
    return {"host": script, **({"ca": Path(authorities)} if authorities else {})}


def host_script(environment: Mapping[str, str], mirrors: Mapping[str, str], has_authorities: bool) -> str:
    """A shell script that a step of the Dockerfile reads first: how this machine reaches packages.

    `mirrors`: suite of Debian -> URL. What the script writes it removes when the step ends: no image may hold it.
    """
    settings = {name: environment[name] for name in INDEXES if environment.get(name)}
    for name in PROXIES:
        if value := environment.get(name) or environment.get(name.upper()):
            settings |= {name: value, name.upper(): value}
    apt = []
    if has_authorities:
        settings |= dict.fromkeys(AUTHORITIES, CA_INSIDE)
        apt.append(f'Acquire::https::CAInfo "{CA_INSIDE}";')
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    lines += ["host=$(mktemp -d)", "trap 'rm -r \"$host\"' EXIT", "export APT_CONFIG=$host/apt.conf"]
    if mirrors:
        apt += ['Dir::Etc::SourceParts "/dev/null";', 'Dir::Etc::SourceList "$host/sources.list";']
        sources = [f"deb [signed-by={DEBIANS_KEYS}] {url} {suite} main" for suite, url in mirrors.items()]
        lines += ["cat >$host/sources.list <<'END'", *sources, "END"]
    return "\n".join([*lines, "cat >$APT_CONFIG <<END", *apt, "END", ""])


def _mirrors() -> Mapping[str, str]:
    """Those that this machine's apt uses. None where it has no apt: what the base image names is used then."""
    known: dict[str, str] = {}
    try:
        command = ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASKING_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return known
    for line in done.stdout.splitlines():
        label, _, url = line.partition(" ")
        if label in SUITES:
            known.setdefault(SUITES[label], url)
    return known


def _buildah(base: str) -> Builder:
    program = _from_the_bed("buildah")
    archive = None if base else Path(_from_the_bed("base"))
    options = ["--layers", "--isolation", "chroot"]
    for limit, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        # buildah raises them otherwise, which not every root may.
        soft, hard = resource.getrlimit(kind)
        options += ["--ulimit", f"{limit}={soft}:{hard}"]
    # By its id: on another base nothing is taken for what was built on the last one.
    base = image_id(archive) if archive else base
    saves = "push --quiet {name} oci-archive:{archive}:{name}"
    return Builder(program, base, tuple(options), saves, archive)


def _from_the_bed(what: str) -> str:
    """What the test bed for Kubernetes gets for itself; it tells on standard error what it does. Raises NoBuilder."""
    command = [sys.executable, "-m", "tests.kubernetes.bed", what]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=GETTING_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise NoBuilder(f"getting {what} took longer than {GETTING_LIMIT_S:.0f} s") from error
    if done.returncode != 0:
        raise NoBuilder(f"docker and podman do not work here, and {what} could not be had: see above")
    return done.stdout.split()[-1]


def _answers(program: str) -> bool:
    try:
        return subprocess.run([program, "info"], capture_output=True, timeout=ASKING_LIMIT_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
