"""Who is who in a cluster: its certificate authority, and a certificate for each server and each client of it."""

import datetime
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.kubernetes.bed import layout

LIFETIME = datetime.timedelta(days=365)
CLOCK_SKEW = datetime.timedelta(minutes=5)
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
ADMINS = "system:masters"
API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
CLIENTS = {
    "admin": ("admin", ADMINS),
    "api-server": ("kube-apiserver-kubelet-client", ADMINS),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "dns": ("ardoise:dns", ""),
    "cloud": ("ardoise:cloud", ""),
}
"""File name to user and group."""
FRONT_PROXY = "front-proxy"
"""As whom the API server hands on what it is asked to servers behind it, as a metrics-server; its CA is another one."""


@dataclass(frozen=True)
class Subject:
    """What a certificate says of its holder."""

    user: str
    group: str = ""
    names: Sequence[str] = ()
    """DNS names and addresses, of a server."""


def subjects(site: str) -> dict[str, Subject]:
    """File name to subject, of everyone in a site's cluster."""
    here = layout.address(site)
    api_names = (
        *API_NAMES,
        f"kubernetes.default.svc.{layout.CLUSTER_DOMAIN}",
        *(layout.API_SERVICE_ADDRESS, here, "127.0.0.1"),
    )
    return {
        **{name: Subject(user, group) for name, (user, group) in CLIENTS.items()},
        "api": Subject("kube-apiserver", names=api_names),
        "etcd": Subject("etcd", names=("localhost", "127.0.0.1")),
        "kubelet": Subject(f"system:node:{site}", "system:nodes", (site, here)),
    }


def write(site: str, directory: Path) -> None:
    """Writes ca.pem, <name>.pem and <name>.key of everyone, and the key of service accounts' tokens."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_issued(directory, "ca", f"ardoise-{site}", subjects(site))
    write_issued(
        directory, f"{FRONT_PROXY}-ca", f"ardoise-{site}-{FRONT_PROXY}", {FRONT_PROXY: Subject(FRONT_PROXY)}
    )
    _write_key(directory / "service-accounts.key", ec.generate_private_key(ec.SECP256R1()))


def write_issued(directory: Path, file: str, authority_user: str, holders: Mapping[str, Subject]) -> None:
    """A new authority's certificate, and what it issues."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = _name(authority_user)
    authority = (
        _builder(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    _write_certificate(directory / f"{file}.pem", authority)
    for name, subject in holders.items():
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(subject.user, subject.group), authority_name, key)
            .add_extension(x509.ExtendedKeyUsage(BOTH), critical=False)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(_issued_by(authority_key), critical=False)
        )
        if subject.names:
            alternatives = x509.SubjectAlternativeName([_general(name) for name in subject.names])
            builder = builder.add_extension(alternatives, critical=False)
        _write_key(directory / f"{name}.key", key)
        _write_certificate(directory / f"{name}.pem", builder.sign(authority_key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _name(user: str, group: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(attributes)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            # The one that Kubernetes also takes for the public half.
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
