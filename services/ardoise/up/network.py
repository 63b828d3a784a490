"""Three sites on one machine: a network namespace for each, a link for each pair, and each direction of it to break.

This process moves into a namespace of its own first, so that nothing of the machine's network is touched and any
number of such networks can stand side by side; an ordinary user gets it in a user namespace. The kernel removes
all of it with the last process.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ardoise.chassis import child
from ardoise.up import delay_line

COMMAND_LIMIT_S = 10
HERE = "here"
"""The namespace of this process, which reaches every site over links that are never broken."""
MOST_SITES = 200
# Linux names a device with 15 characters, and a late one begins with "late-".
MOST_NAME_CHARACTERS = 10
# So often the kernel sends again what is not confirmed, ever more rarely: 25 s until the connection ends.
TCP_RETRIES_FILE, TCP_RETRIES = Path("/proc/sys/net/ipv4/tcp_retries2"), 6
# Room for one burst of a segmented packet, and how long a packet may wait for its turn before it is dropped.
RATE_BURST, RATE_QUEUE = "64kb", "400ms"


class NetworkUnavailable(RuntimeError):
    """This machine or this user cannot have network namespaces, or not what was asked of a link."""


@dataclass(frozen=True)
class Condition:
    """How one direction of a link is. By itself: as good as this machine."""

    cut: bool = False
    """Nothing arrives."""
    loss_percent: int = 0
    """So many of a hundred packets do not arrive, chosen by chance; at most 99."""
    rate_kbit: int = 0
    """Kilobits per second that leave at most; 0: no limit."""
    delay_ms: int = 0
    """How much later a packet arrives."""


@dataclass(frozen=True)
class NetworkTools:
    """Programs of iproute2, nftables and util-linux."""

    ip: Path
    tc: Path
    nft: Path


def firewall(arriving: Mapping[str, Condition]) -> str:
    """nftables' rules of a site: what of each neighbour's packets is let in. Replaces the rules before it, at once.

    They stand where packets arrive, so that a cut is as silent for the sender as a cable pulled out far away.
    """
    rules = []
    for neighbour, condition in arriving.items():
        devices = f'iifname {{ "{_device(neighbour)}", "{_device(neighbour, late=True)}" }}'
        if condition.cut:
            rules.append(f"{devices} drop")
        elif condition.loss_percent:
            rules.append(f"{devices} numgen random mod 100 < {condition.loss_percent} drop")
    chain = ["chain arriving {", "type filter hook input priority 0", *rules, "}"]
    return "\n".join(
        ["table inet links {", "}", "delete table inet links", "table inet links {", *chain, "}", ""]
    )


class Network:
    """The sites' namespaces and links. Made in a process that has one thread yet: namespaces belong to threads."""

    def __init__(self, sites: Sequence[str], tools: NetworkTools) -> None:
        """Moves this process out of the machine's network. Raises NetworkUnavailable."""
        if len(sites) > MOST_SITES or any(len(site) > MOST_NAME_CHARACTERS for site in sites):
            raise NetworkUnavailable(
                f"at most {MOST_SITES} sites, named in {MOST_NAME_CHARACTERS} characters"
            )
        self._tools = tools
        self._conditions: dict[tuple[str, str], Condition] = {}
        self._namespaces = {HERE: _leave_machine()}
        for site in sites:
            self._namespaces[site] = self._new_namespace()
        self.addresses = {site: f"10.77.0.{number}" for number, site in enumerate(sites, 1)}
        self.addresses[HERE] = "10.77.0.254"
        self._tuns: dict[tuple[str, str], int] = {}
        self._lines: dict[tuple[str, str], subprocess.Popen] = {}
        for name, address in self.addresses.items():
            self._forget_dead_peers(name)
            self._run(name, tools.ip, "link", "set", "lo", "up")
            self._run(name, tools.ip, "address", "add", f"{address}/32", "dev", "lo")
        for one, other in itertools.combinations(self._namespaces, 2):
            self._link(one, other)

    def inside(self, site: str, argv: Sequence[str]) -> list[str]:
        """The argv that runs `argv` at a site: the same process, no other in between."""
        return [_nsenter(), f"--net={self._path(site)}", *argv]

    @property
    def conditions(self) -> Mapping[tuple[str, str], Condition]:
        """By (from, to); what is not there is as good as the machine."""
        return dict(self._conditions)

    def set_condition(self, sender: str, receiver: str, condition: Condition) -> None:
        """Makes one direction of a link so, from now on. Raises NetworkUnavailable, KeyError for an unknown site."""
        for site in (sender, receiver):
            if site == HERE or site not in self._namespaces:
                raise KeyError(site)
        direction = (sender, receiver)
        before = self._conditions.get(direction, Condition())
        if condition.delay_ms != before.delay_ms:
            self._delay(sender, receiver, condition.delay_ms)
        if (condition.delay_ms, condition.rate_kbit) != (before.delay_ms, before.rate_kbit):
            self._limit(sender, _device(receiver, late=condition.delay_ms > 0), condition.rate_kbit)
        self._conditions[direction] = condition
        if condition == Condition():
            del self._conditions[direction]
        arriving = {one: found for (one, other), found in self._conditions.items() if other == receiver}
        self._run(receiver, self._tools.nft, "-f", "-", text=firewall(arriving))

    def close(self) -> None:
        """Ends the delays' processes; everything else goes with this process."""
        for line in self._lines.values():
            line.kill()
            line.wait()

    def _delay(self, sender: str, receiver: str, delay_ms: int) -> None:
        """Leads the packets of one direction through a delay line, or straight on again."""
        if running := self._lines.pop((sender, receiver), None):
            running.kill()
            running.wait()
        if delay_ms:
            source, target = self._tun(sender, receiver), self._tun(receiver, sender)
            argv = child.bound(delay_line.command(source, target, delay_ms), signal.SIGKILL)
            line = subprocess.Popen(argv, pass_fds=(source, target), stdin=subprocess.DEVNULL)
            self._lines[sender, receiver] = line
        self._route(sender, receiver, _device(receiver, late=delay_ms > 0))

    def _tun(self, site: str, neighbour: str) -> int:
        if (site, neighbour) not in self._tuns:
            os.setns(self._namespaces[site], os.CLONE_NEWNET)
            try:
                self._tuns[site, neighbour] = delay_line.open_tun(_device(neighbour, late=True))
            except OSError as error:
                raise NetworkUnavailable(f"a late link needs TUN devices: {error}") from error
            finally:
                os.setns(self._namespaces[HERE], os.CLONE_NEWNET)
            self._run(site, self._tools.ip, "link", "set", _device(neighbour, late=True), "up")
        return self._tuns[site, neighbour]

    def _limit(self, site: str, device: str, rate_kbit: int) -> None:
        change = "replace" if rate_kbit else "del"
        rate = (
            ("tbf", "rate", f"{rate_kbit}kbit", "burst", RATE_BURST, "latency", RATE_QUEUE)
            if rate_kbit
            else ()
        )
        with contextlib.nullcontext() if rate_kbit else contextlib.suppress(NetworkUnavailable):
            self._run(site, self._tools.tc, "qdisc", change, "dev", device, "root", *rate)

    def _link(self, one: str, other: str) -> None:
        """A pair of devices, each named as the neighbour it leads to."""
        ip = self._tools.ip
        peer = ("peer", "name", one, "netns", self._path(other))
        self._run(one, ip, "link", "add", other, "type", "veth", *peer)
        for site, neighbour in ((one, other), (other, one)):
            self._run(site, ip, "link", "set", neighbour, "up")
            self._route(site, neighbour, _device(neighbour))

    def _route(self, site: str, neighbour: str, device: str) -> None:
        route = (f"{self.addresses[neighbour]}/32", "dev", device, "src", self.addresses[site])
        self._run(site, self._tools.ip, "route", "replace", *route)

    def _new_namespace(self) -> int:
        os.unshare(os.CLONE_NEWNET)
        made = _current_namespace()
        os.setns(self._namespaces[HERE], os.CLONE_NEWNET)
        return made

    def _forget_dead_peers(self, site: str) -> None:
        """Connections end when nothing of theirs was confirmed for 25 s; as machines are, that is a quarter of an hour.

        So a peer that is gone is told from one that is slow, behind megabytes of our own.
        """
        os.setns(self._namespaces[site], os.CLONE_NEWNET)
        try:
            TCP_RETRIES_FILE.write_text(str(TCP_RETRIES))
        except OSError as error:
            raise NetworkUnavailable(f"{TCP_RETRIES_FILE} cannot be set for a site: {error}") from error
        finally:
            os.setns(self._namespaces[HERE], os.CLONE_NEWNET)

    def _path(self, site: str) -> str:
        return f"/proc/{os.getpid()}/fd/{self._namespaces[site]}"

    def _run(self, site: str, *argv: str | Path, text: str = "") -> str:
        command = self.inside(site, [str(part) for part in argv])
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise NetworkUnavailable(f"{' '.join(map(str, argv))} at {site}: {said}")
        return done.stdout


def _device(neighbour: str, *, late: bool = False) -> str:
    """The device that leads to a neighbour, straight or through a delay line."""
    return f"late-{neighbour}" if late else neighbour


def _leave_machine() -> int:
    user, group = os.getuid(), os.getgid()
    try:
        os.unshare(os.CLONE_NEWNET if user == 0 else os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except OSError as error:
        raise NetworkUnavailable(
            f"no network namespaces for this user ({error.strerror}): run it as root, or allow user namespaces "
            "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces)"
        ) from error
    if user != 0:
        for name, value in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(value)
    return _current_namespace()


def _current_namespace() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _nsenter() -> str:
    found = shutil.which("nsenter")
    if found is None:
        raise NetworkUnavailable("nsenter is missing: install util-linux")
    return found
