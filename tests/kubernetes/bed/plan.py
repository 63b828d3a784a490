"""What runs in a site: each program with its arguments, and what it waits for. Read by first.py."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ardoise.up.programs import Programs

from tests.kubernetes.bed import layout, pki, settings
from tests.kubernetes.bed.parts import PAUSE_IMAGE, Built

LOG_DIR = "/var/log/ardoise-bed"
STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VAR_FOLDERS = ("cache", "lib", "log", "tmp", "lib/etcd", "lib/volumes", LOG_DIR.removeprefix("/var/"))


@dataclass(frozen=True)
class Files:
    """Of one site, on the machine; `run` has the same path inside."""

    site: str

    @property
    def run(self) -> Path:
        """Configuration, sockets, pid."""
        return layout.RUN_DIR / self.site

    @property
    def var(self) -> Path:
        """What the site sees as /var."""
        return layout.DATA_DIR / self.site / "var"

    @property
    def logs(self) -> Path:
        """A file for each program, named as it."""
        return self.var / LOG_DIR.removeprefix("/var/")

    @property
    def pki(self) -> Path:
        """As pki.py writes it."""
        return self.run / "pki"

    @property
    def bin(self) -> Path:
        """The few of Debian's programs that a node calls."""
        return self.run / "bin"

    @property
    def socket(self) -> Path:
        """containerd's."""
        return self.run / "containerd.sock"

    @property
    def pid(self) -> Path:
        """Of process 1 and when it started."""
        return self.run / "pid"

    @property
    def plan(self) -> Path:
        """What first.py reads."""
        return self.run / "plan.json"

    def kubeconfig(self, user: str) -> Path:
        """Of one of pki.CLIENTS, or of the kubelet."""
        return self.run / f"{user}.kubeconfig"


KUBECONFIG_USERS = ("admin", "controller-manager", "scheduler", "proxy", "dns", "cloud", "kubelet")


def make_var(site: str) -> None:
    """A site's disk, empty."""
    var = Files(site).var
    for folder in VAR_FOLDERS:
        (var / folder).mkdir(parents=True, exist_ok=True)
    (var / "run").symlink_to("/run")


def write(site: str, built: Built, programs: Programs) -> Files:
    """Makes a site's disk and writes all that its cluster is configured with."""
    files = Files(site)
    files.run.mkdir(parents=True, exist_ok=True)
    make_var(site)
    pki.write(site, files.pki)
    for user in KUBECONFIG_USERS:
        config = settings.kubeconfig(site, settings.api_url(site), files.pki, user)
        files.kubeconfig(user).write_text(settings.text(config))
    files.bin.mkdir(exist_ok=True)
    (files.bin / "nft").symlink_to(programs.nft)
    (files.run / "cni").mkdir(exist_ok=True)
    resolv = files.run / "resolv.conf"
    written = {
        "authentication.json": settings.authentication(),
        "kubelet.json": settings.kubelet(site, files.pki, files.socket, resolv),
        "proxy.json": settings.proxy(site, files.kubeconfig("proxy")),
        "containerd.toml": settings.containerd(
            files.socket,
            built.program("ptp").parent,
            files.run / "cni",
            built.program("runc"),
            PAUSE_IMAGE,
        ),
        "cni/10-pods.conflist": settings.pod_network(site),
        "Corefile": settings.corefile(site, files.kubeconfig("dns")),
        resolv.name: f"nameserver {layout.address(site)}\n",
    }
    for name, content in written.items():
        (files.run / name).write_text(content)
    return files


Component = dict[str, object]


def plan(
    site: str, programs: Programs, groups: list[str], components: Sequence[Component]
) -> dict[str, object]:
    """What first.py does at a site; `groups`: files of control groups that it joins."""
    files = Files(site)
    # Links resolved: what is hidden and bound back is the real folder.
    needed = {
        os.path.realpath(path)
        for path in (
            files.run,
            layout.REPOSITORY,
            layout.cache_dir(),
            programs.folder,
            sys.prefix,
            sys.base_prefix,
        )
    }
    return {
        "name": site,
        "cgroups": groups,
        "pid_file": str(files.pid),
        "var": str(files.var),
        "kept": sorted(needed),
        "log_dir": LOG_DIR,
        "components": components,
    }


def cluster(site: str, built: Built, programs: Programs) -> list[Component]:
    """What runs in a site's cluster, in no order: each says what it needs."""
    files = Files(site)
    tools = {built.program(name).parent for name in ("containerd", "runc", "kubelet")}
    path = ":".join([str(files.bin), *map(str, sorted(tools)), STANDARD_PATH])
    environment = {"PATH": path, "HOME": "/var/tmp", "TMPDIR": "/run", "LANG": "C.UTF-8"}
    ready = {"port": layout.API_PORT, "path": "/readyz", "ca": str(files.pki / "ca.pem")}
    runtime = {"socket": str(files.socket)}

    def one(name: str, argv: list[str], *needs: dict[str, object]) -> Component:
        return {"name": name, "argv": argv, "environment": environment, "needs": needs}

    def program(name: str, *options: str) -> list[str]:
        return [str(built.program(name)), *options]

    def client(name: str) -> list[str]:
        return [f"--kubeconfig={files.kubeconfig(name)}", "--leader-elect=false", "--secure-port=0"]

    cloud = [sys.executable, "-m", "tests.kubernetes.bed.cloud", files.site, str(files.kubeconfig("cloud"))]
    return [
        one("etcd", [str(programs.etcd), *_etcd(files)]),
        one("kube-apiserver", program("kube-apiserver", *_api_server(files))),
        one("containerd", program("containerd", f"--config={files.run / 'containerd.toml'}")),
        one(
            "kubelet",
            program(
                "kubelet",
                f"--config={files.run / 'kubelet.json'}",
                f"--kubeconfig={files.kubeconfig('kubelet')}",
                f"--hostname-override={files.site}",
                f"--node-ip={layout.address(files.site)}",
                f"--node-labels=topology.kubernetes.io/region={files.site},"
                f"topology.kubernetes.io/zone={files.site}-a",
            ),
            ready,
            runtime,
        ),
        one(
            "kube-controller-manager",
            program(
                "kube-controller-manager",
                *client("controller-manager"),
                "--use-service-account-credentials=true",
                f"--service-account-private-key-file={files.pki / 'service-accounts.key'}",
                f"--root-ca-file={files.pki / 'ca.pem'}",
                # Its caches fill in one second instead of five, and only then has any namespace an account.
                "--kube-api-qps=200",
                "--kube-api-burst=400",
            ),
            ready,
        ),
        one("kube-scheduler", program("kube-scheduler", *client("scheduler")), ready),
        one("kube-proxy", program("kube-proxy", f"--config={files.run / 'proxy.json'}"), ready),
        one("coredns", program("coredns", f"-conf={files.run / 'Corefile'}"), ready),
        {**one("cloud", cloud, ready), "environment": {**environment, "PYTHONPATH": str(layout.REPOSITORY)}},
    ]


def _etcd(files: Files) -> list[str]:
    ports = (settings.ETCD_PORT, settings.ETCD_PORT + 1)
    return etcd_options(files.pki, Path("/var/lib/etcd"), *ports)


def etcd_options(pki_files: Path, data: Path, port: int, peer_port: int) -> list[str]:
    """A member alone, on loopback, for who has a certificate."""
    url, peer_url = f"https://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={data}",
        # What a power cut would take from it nobody needs: a bed is not kept over one.
        "--unsafe-no-fsync",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=default={peer_url}",
        f"--cert-file={pki_files / 'etcd.pem'}",
        f"--key-file={pki_files / 'etcd.key'}",
        f"--trusted-ca-file={pki_files / 'ca.pem'}",
        "--client-cert-auth",
        "--logger=zap",
        "--log-level=warn",
    ]


def _api_server(files: Files) -> list[str]:
    authority = files.pki / "ca.pem"
    return [
        *api_server_options(
            files.pki, files.run / "authentication.json", settings.ETCD_PORT, layout.API_PORT
        ),
        f"--advertise-address={layout.address(files.site)}",
        f"--kubelet-certificate-authority={authority}",
        f"--kubelet-client-certificate={files.pki / 'api-server.pem'}",
        f"--kubelet-client-key={files.pki / 'api-server.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={files.pki / f'{pki.FRONT_PROXY}-ca.pem'}",
        f"--requestheader-allowed-names={pki.FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={files.pki / f'{pki.FRONT_PROXY}.pem'}",
        f"--proxy-client-key-file={files.pki / f'{pki.FRONT_PROXY}.key'}",
    ]


def api_server_options(pki_files: Path, authentication: Path, etcd_port: int, port: int) -> list[str]:
    """What does not depend on there being nodes."""
    issuer = f"https://kubernetes.default.svc.{layout.CLUSTER_DOMAIN}"
    authority = pki_files / "ca.pem"
    return [
        f"--secure-port={port}",
        f"--etcd-servers=https://127.0.0.1:{etcd_port}",
        f"--etcd-cafile={authority}",
        f"--etcd-certfile={pki_files / 'api-server.pem'}",
        f"--etcd-keyfile={pki_files / 'api-server.key'}",
        f"--tls-cert-file={pki_files / 'api.pem'}",
        f"--tls-private-key-file={pki_files / 'api.key'}",
        f"--client-ca-file={authority}",
        f"--authentication-config={authentication}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={layout.SERVICE_RANGE}",
        f"--service-account-issuer={issuer}",
        f"--service-account-key-file={pki_files / 'service-accounts.key'}",
        f"--service-account-signing-key-file={pki_files / 'service-accounts.key'}",
        "--profiling=false",
    ]
