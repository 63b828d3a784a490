"""Clusters up, down, lost and brought back, on this machine; what is up stands in files below layout.RUN_DIR."""

import contextlib
import datetime
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from ardoise.up.network import Condition, NetworkUnavailable
from ardoise.up.programs import Programs, debian_programs

from tests.kubernetes.bed import cgroups, layout, links, plan, settings, site
from tests.kubernetes.bed.api import Api, ApiRefused
from tests.kubernetes.bed.objects import objects
from tests.kubernetes.bed.parts import PAUSE_IMAGE, Built, build

Progress = Callable[[str], None]

WAN = "wan"
"""The holder of the bridge's namespace, started and ended like a site."""
SITES_FILE = layout.RUN_DIR / "sites.json"
STARTED_FROM = layout.RUN_DIR / "started-from"
"""The work tree whose code runs there."""
STARTER = layout.RUN_DIR / "starter"
"""The process that starts a bed, while it does; and for as long as the bed is there where that process ends it too."""
READY_LIMIT_S = 180.0
"""From nothing to Ready takes 15 s on two idle cores."""
LOAD_LIMIT_S = 300.0
UNMOUNT_LIMIT_S = 10.0
DEVICE_LIMIT_S = 20.0
POLL_S = 0.1


class BedUnavailable(RuntimeError):
    """This machine or this user cannot have clusters; the message says what is missing."""


class AlreadyUp(RuntimeError):
    """There is one bed at most on a machine; the message names its sites."""


def check_machine() -> None:
    """Raises BedUnavailable where there is no point in trying."""
    if sys.platform != "linux":
        raise BedUnavailable("clusters of our own take Linux: network namespaces, control groups, nftables")
    if os.geteuid() != 0:
        raise BedUnavailable("clusters of our own take root: run it as root")
    if shutil.which("nsenter") is None:
        raise BedUnavailable("nsenter is missing: install util-linux")


def programs(progress: Progress) -> tuple[Built, Programs]:
    """All that clusters are made of, built or unpacked where it is not there yet.

    Raises BedUnavailable, PartsMissing, ProgramsMissing.
    """
    check_machine()
    return build(progress), debian_programs(progress)


def sites_up() -> list[str]:
    """Sites of the bed that is up, a lost one too; empty where there is none, or only what a crash left."""
    if not SITES_FILE.exists():
        return []
    sites = json.loads(SITES_FILE.read_text())
    return sites if any(_pid(name) for name in (*sites, WAN)) else []


def abandoned() -> bool:
    """Whoever was starting the bed that is up, or was to end it, is gone."""
    return STARTER.exists() and site.running(STARTER) is None


def started_from() -> str:
    """The work tree of whoever started the bed that is up."""
    return STARTED_FROM.read_text() if STARTED_FROM.exists() else "an unknown place"


def up(sites: Sequence[str], progress: Progress, *, tied: bool = False) -> None:
    """Starts the sites' clusters; their nodes are Ready and the kubeconfig is written when it returns.

    What a crash left of another bed is cleared first; `tied`: that is what this one is, too, once this process is gone.
    Raises AlreadyUp, BedUnavailable, PartsMissing,
    ProgramsMissing, CgroupsMissing, NetworkUnavailable, SiteFailed; nothing stays up then.
    """
    built, debian = programs(progress)
    with _alone():
        if (already := sites_up()) and not abandoned():
            raise AlreadyUp(
                f"{', '.join(already)}: up already, from {started_from()}; `make clusters-down` takes them down"
            )
        if _left():
            progress("clearing what a crash left")
            _down()
        try:
            _up(sites, built, debian, progress)
            if not tied:
                STARTER.unlink()
        except BaseException:
            _down()
            raise


def down(progress: Progress) -> None:
    """Ends all, whatever state it is in, and leaves nothing of it. Raises SiteFailed, CgroupsMissing."""
    check_machine()
    with _alone():
        if _left():
            progress("ending all clusters")
            _down()


def lose(name: str) -> None:
    """Takes a site away as a power cut does: no process is left, no packet answered. Its disk stays."""
    with _alone():
        site.end(name)
        _wires(debian_programs(lambda _: None)).disconnect(name)


def restore(name: str, progress: Progress) -> None:
    """Brings a lost site back, from its disk; its node is Ready when it returns. Raises as up()."""
    built, debian = programs(progress)
    began = _now()
    progress(f"bringing back {name}")
    with _alone():
        _open([name], built, debian)
        _wires(debian).apply(links.read(), [name])
    _await_ready([name], began)


def freeze(name: str, *, frozen: bool) -> None:
    """Stops every process of a site where it stands, or lets all go on; packets are answered by the kernel alone."""
    cgroups.freeze(name, frozen=frozen)


def set_link(sender: str, receiver: str, condition: Condition) -> None:
    """Makes one direction between two sites so, from now on. Raises KeyError for a site that is not up."""
    for name in (sender, receiver):
        if name not in sites_up():
            raise KeyError(name)
    if condition.delay_ms:
        raise NetworkUnavailable("links between clusters cannot be late: cut, lossy or slow")
    with _alone():
        conditions = {**links.read(), (sender, receiver): condition}
        conditions = {pair: found for pair, found in conditions.items() if found != Condition()}
        links.write(conditions)
        present = [receiver] if _pid(receiver) else []
        _wires(debian_programs(lambda _: None)).apply(conditions, present)


def load(sites: Sequence[str], archives: Sequence[Path]) -> None:
    """Gives nodes images, from OCI archives. Raises SiteFailed."""
    built = build(lambda _: None)

    def one(name: str) -> None:
        pid = _pid(name)
        if pid is None:
            raise site.SiteFailed(f"{name} is not up")
        # As a process of the site, so that it goes with it.
        inside = ["nsenter", f"--target={pid}", "--pid"]
        command = [built.program("ctr"), "-a", plan.Files(name).socket, "-n", "k8s.io"]
        for archive in archives:
            with archive.open("rb") as content:
                done = subprocess.run(
                    [*inside, *command, "images", "import", "--local", "-"],
                    stdin=content, capture_output=True, text=True, timeout=LOAD_LIMIT_S,
                )  # fmt: skip
            if done.returncode != 0:
                raise site.SiteFailed(f"{archive} into {name}: {done.stderr.strip()}")

    _each(sites, one)


def _up(sites: Sequence[str], built: Built, debian: Programs, progress: Progress) -> None:
    began = _now()
    layout.RUN_DIR.mkdir(parents=True)
    layout.RUN_DIR.chmod(0o700)
    layout.DATA_DIR.mkdir(parents=True, exist_ok=True)
    SITES_FILE.write_text(json.dumps(list(sites)))
    STARTED_FROM.write_text(str(layout.REPOSITORY))
    STARTER.write_text(f"{os.getpid()} {site.start_time(os.getpid())}")
    progress(f"starting {', '.join(sites)}")
    plan.make_var(WAN)
    _launch(WAN, debian, []).go()
    _wires(debian).make_bridge()
    _each(sites, lambda name: plan.write(name, built, debian))
    _open(sites, built, debian)
    configs = [
        settings.kubeconfig(name, settings.api_url(name), plan.Files(name).pki, "admin") for name in sites
    ]
    layout.KUBECONFIG.touch(mode=0o600)
    layout.KUBECONFIG.write_text(settings.text(settings.merged(configs)))
    _each(sites, lambda name: _load_pause(name, built))
    _await_ready(sites, began)
    progress(f"{', '.join(sites)}: Ready after {(_now() - began).total_seconds():.0f} s")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _open(sites: Sequence[str], built: Built, debian: Programs) -> None:
    """Starts sites whose files are written."""
    wires = _wires(debian)
    for name in sites:
        opened = _launch(name, debian, plan.cluster(name, built, debian))
        wires.connect(name, opened.pid)
        opened.go()


def _launch(name: str, debian: Programs, components: Sequence[plan.Component]) -> site.Opened:
    files = plan.Files(name)
    planned = plan.plan(name, debian, cgroups.create(name), components)
    return site.launch(planned, files.plan, files.logs / "first.log")


def _load_pause(name: str, built: Built) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while not plan.Files(name).socket.is_socket():
        _check(name, deadline, "containerd")
    while True:
        try:
            load([name], [built.image(PAUSE_IMAGE)])
            return
        except site.SiteFailed:
            _check(name, deadline, "containerd")


def _await_ready(sites: Sequence[str], since: datetime.datetime) -> None:
    deadline = time.monotonic() + READY_LIMIT_S

    def one(name: str) -> None:
        with contextlib.closing(Api(plan.Files(name).kubeconfig("admin"))) as api:
            while not api.ready():
                _check(name, deadline, "kube-apiserver")
            for path, thing in objects(name).items():
                api.apply(path, thing)
            while not _is_ready(api, name, since):
                _check(name, deadline, "kubelet")

    _each(sites, one)


def _is_ready(api: Api, name: str, since: datetime.datetime) -> bool:
    """The node is, its kubelet has said so since then, and pods can be made: a controller makes the account of each."""
    with contextlib.suppress(ApiRefused, httpx.HTTPError):
        # What a lost cluster's node said last still stands there.
        lease = api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
        if datetime.datetime.fromisoformat(lease["spec"]["renewTime"]) < since:
            return False
        conditions = api.get(f"/api/v1/nodes/{name}")["status"]["conditions"]
        api.get("/api/v1/namespaces/default/serviceaccounts/default")
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return False


def _check(name: str, deadline: float, component: str) -> None:
    """Waits a little. Raises SiteFailed once there is no point."""
    logs = plan.Files(name).logs
    if _pid(name) is None:
        raise site.SiteFailed(f"{name} ended while it started: {logs / 'first.log'}")
    if time.monotonic() > deadline:
        raise site.SiteFailed(
            f"{name} is not ready after {READY_LIMIT_S:.0f} s: {logs / component}.log says {_last(logs, component)}"
        )
    time.sleep(POLL_S)


def _last(logs: Path, component: str) -> str:
    with contextlib.suppress(OSError):
        return "".join((logs / f"{component}.log").read_text(errors="replace").strip().splitlines()[-1:])
    return "nothing"


def _wires(debian: Programs) -> links.Wires:
    pid = _pid(WAN)
    if pid is None:
        raise NetworkUnavailable("the bridge between the sites is gone: `make clusters-down`, then up again")
    return links.Wires(links.tools_of(debian), pid)


def _pid(name: str) -> int | None:
    return site.running(plan.Files(name).pid)


def _left() -> bool:
    groups = any(cgroups.exists(name) for name in (*layout.SITES, WAN))
    return groups or layout.RUN_DIR.exists() or layout.DATA_DIR.exists()


def _down() -> None:
    names = (*layout.SITES, WAN)
    for name in names:
        site.end(name)
    for name in names:
        cgroups.remove(name)
    # The kernel takes a namespace's devices away some time after its last process.
    deadline = time.monotonic() + DEVICE_LIMIT_S
    while (device := Path("/sys/class/net", links.HOST_DEVICE)).exists():
        if time.monotonic() > deadline:
            raise site.SiteFailed(
                f"{device.name} is still there: something else is in the bridge's namespace"
            )
        time.sleep(POLL_S)
    # Nothing is mounted outside the sites' own namespaces; where that should fail, data must not be removed through it.
    for mounted in _mounts():
        subprocess.run(["umount", "--lazy", mounted], timeout=UNMOUNT_LIMIT_S, check=False)
    if still := _mounts():
        raise site.SiteFailed(f"still mounted: {' '.join(still)}")
    shutil.rmtree(layout.DATA_DIR, ignore_errors=True)
    shutil.rmtree(layout.RUN_DIR, ignore_errors=True)


def _mounts() -> list[str]:
    below = (f"{layout.RUN_DIR}/", f"{layout.DATA_DIR}/")
    mounted = (line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    return sorted((where for where in mounted if where.startswith(below)), reverse=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One change of the bed at a time on this machine, whoever makes it; the lock leaves no file."""
    folder = os.open(layout.DATA_DIR.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _each(sites: Sequence[str], act: Callable[[str], object]) -> None:
    """For all at once; raises what the first of them raised."""
    with ThreadPoolExecutor(len(sites)) as pool:
        for done in [pool.submit(act, name) for name in sites]:
            done.result()
