"""The configuration files of a site's cluster: pure text, of where things are and who is who."""

import base64
import json
from pathlib import Path

from tests.kubernetes.bed import cgroups, layout

ETCD_PORT = 12379
"""On the node's loopback; not 2379, which is for the etcd of the race."""
KUBELET_PORT = 10250
CONTAINERD_RUN = "/run/containerd"


def api_url(site: str) -> str:
    """Where a site's API server is, for everyone."""
    return f"https://{layout.address(site)}:{layout.API_PORT}"


def kubeconfig(site: str, url: str, pki: Path, user: str) -> dict[str, object]:
    """With everything in it, so that it can be carried elsewhere: one context, named as the site."""

    def embedded(name: str) -> str:
        return base64.b64encode((pki / name).read_bytes()).decode()

    cluster = {"server": url, "certificate-authority-data": embedded("ca.pem")}
    who = {
        "client-certificate-data": embedded(f"{user}.pem"),
        "client-key-data": embedded(f"{user}.key"),
    }
    name = f"{site}-{user}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": site, "cluster": cluster}],
        "users": [{"name": name, "user": who}],
        "contexts": [{"name": site, "context": {"cluster": site, "user": name}}],
        "current-context": site,
    }


def merged(configs: list[dict]) -> dict[str, object]:
    """One kubeconfig of several; the first one's context is the current one."""
    lists = {key: [item for one in configs for item in one[key]] for key in ("clusters", "users", "contexts")}
    return {**configs[0], **lists}


def authentication() -> str:
    """Of the API server: nobody without a certificate or token but those who ask whether it is well."""
    paths = [{"path": path} for path in ("/livez", "/readyz", "/healthz")]
    return _json(
        "apiserver.config.k8s.io/v1",
        "AuthenticationConfiguration",
        anonymous={"enabled": True, "conditions": paths},
    )


def kubelet(site: str, pki: Path, socket: Path, resolv: Path) -> str:
    """Certificates for both directions, authorization by the API server; disks may be nearly full, images stay."""
    # Of a bed the disk is the machine's, and what was loaded by hand nothing pulls again.
    least_free = {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"}
    return _json(
        "kubelet.config.k8s.io/v1beta1",
        "KubeletConfiguration",
        address=layout.address(site),
        port=KUBELET_PORT,
        authentication={
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.pem")},
        },
        authorization={"mode": "Webhook"},
        tlsCertFile=str(pki / "kubelet.pem"),
        tlsPrivateKeyFile=str(pki / "kubelet.key"),
        containerRuntimeEndpoint=f"unix://{socket}",
        cgroupDriver="cgroupfs",
        cgroupRoot=f"/{cgroups.name(site)}",
        failCgroupV1=False,
        failSwapOn=False,
        clusterDNS=[layout.DNS_SERVICE_ADDRESS],
        clusterDomain=layout.CLUSTER_DOMAIN,
        resolvConf=str(resolv),
        evictionHard=least_free,
        imageGCHighThresholdPercent=100,
        # Its own score takes a capability that a container may lack.
        oomScoreAdj=0,
    )


def proxy(site: str, kubeconfig_file: Path) -> str:
    """nftables; the kernel's connection tracking is left as the machine has it."""
    return _json(
        "kubeproxy.config.k8s.io/v1alpha1",
        "KubeProxyConfiguration",
        mode="nftables",
        clusterCIDR=layout.pod_range(site),
        hostnameOverride=site,
        clientConnection={"kubeconfig": str(kubeconfig_file)},
        conntrack={
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        metricsBindAddress="127.0.0.1:10249",
        healthzBindAddress="127.0.0.1:10256",
    )


def containerd(socket: Path, plugins: Path, cni: Path, runc: Path, pause_image: str) -> str:
    """TOML. What it keeps is on the site's disk, what runs is not: after the loss of a node nothing of it is true."""
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    return f"""version = 3
root = "/var/lib/containerd"
state = "{CONTAINERD_RUN}"
[grpc]
  address = "{socket}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause_image}"
[{runtime}]
  restrict_oom_score_adj = true
[{runtime}.cni]
  bin_dirs = ["{plugins}"]
  conf_dir = "{cni}"
[{runtime}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [{runtime}.containerd.runtimes.runc.options]
    BinaryName = "{runc}"
    SystemdCgroup = false
"""


def pod_network(site: str) -> str:
    """CNI: a route for each pod, and the node's address for what leaves the site."""
    addresses = {
        "type": "host-local",
        "dataDir": "/run/pod-addresses",
        "ranges": [[{"subnet": layout.pod_range(site)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    link = {"type": "ptp", "ipMasq": True, "ipMasqBackend": "nftables", "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}, "backend": "nftables"}
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [link, ports]}, indent=1)


def corefile(site: str, kubeconfig_file: Path) -> str:
    """Names of the cluster and no others: nothing of a bed is to look up the world."""
    return f"""{layout.CLUSTER_DOMAIN} in-addr.arpa {{
  errors
  bind {layout.address(site)}
  kubernetes {layout.CLUSTER_DOMAIN} in-addr.arpa {{
    kubeconfig {kubeconfig_file}
    ttl 5
  }}
  loadbalance
}}
"""


def text(config: dict[str, object]) -> str:
    """Kubernetes reads JSON wherever it reads YAML."""
    return json.dumps(config, indent=1)


def _json(version: str, kind: str, **fields: object) -> str:
    return text({"apiVersion": version, "kind": kind, **fields})
