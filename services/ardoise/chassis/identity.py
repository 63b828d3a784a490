"""Who is who: a development CA, certificates with a role, TLS contexts.

A certificate names its holder in a URI, spiffe://ardoise/<role>/<name>, which gRPC and nats-server both read.
In production the same files come from cert-manager or any CA that writes that URI.
"""

import datetime as dt
import fcntl
import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TRUST_DOMAIN = "spiffe://ardoise/"
DATA_PLANE = "data-plane"
"""Folder beside the other certificates, of those of another CA: etcd and Patroni let in nobody else."""
DEVELOPMENT_CA_VALIDITY = dt.timedelta(days=3650)
CERTIFICATE_VALIDITY = dt.timedelta(days=397)
CLOCK_SKEW = dt.timedelta(minutes=5)


class Role(StrEnum):
    """What a certificate allows."""

    PUBLIC = "public"
    RELAY = "relay"
    SERVICE = "service"
    RACE_OPERATIONS = "race-operations"
    SECURITY = "security"


@dataclass(frozen=True)
class Caller:
    """Who a peer has proved to be."""

    name: str
    role: Role


@dataclass(frozen=True)
class Credentials:
    """PEM files of one holder and of the CA it trusts."""

    ca: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """For ports of our own: a peer without a certificate of this CA is refused in the handshake."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """For calls to ports of the platform."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context


def credentials(identity_dir: Path, name: str) -> Credentials:
    """The files of one holder. Raises FileNotFoundError that says how to make them."""
    found = Credentials(identity_dir / "ca.pem", identity_dir / f"{name}.pem", identity_dir / f"{name}.key")
    for path in (found.ca, found.certificate, found.key):
        if not path.exists():
            raise FileNotFoundError(
                f"{path} is missing: run `ardoise identity {name} --role <role>`, or mount the certificate there"
            )
    return found


def caller_from_uris(uris: list[str]) -> Caller | None:
    """The holder that a certificate's URIs name; None where none of them is ours."""
    for uri in uris:
        role, separator, name = uri.removeprefix(TRUST_DOMAIN).partition("/")
        if uri.startswith(TRUST_DOMAIN) and separator and role in set(Role):
            return Caller(name, Role(role))
    return None


def ensure_development_identity(
    identity_dir: Path, name: str, role: Role, *, hosts: Sequence[str] = (), ca_dir: Path | None = None
) -> Credentials:
    """Makes the development CA on first use and a certificate of it for (name, role) where there is none.

    `hosts`: names and addresses besides this machine's own at which a service is reached. `ca_dir`: where the CA
    is, for one that several sites trust; default: beside the certificate.
    Safe against another process that does the same at the same time. Raises FileNotFoundError where there is a CA
    whose key is elsewhere: another one in its place would be trusted by nobody.
    """
    ca_dir = ca_dir or identity_dir
    for directory in (ca_dir, identity_dir):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (ca_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ca_dir / "ca.pem").exists():
            _make_ca(ca_dir)
        if not (identity_dir / "ca.pem").exists():
            _write(identity_dir / "ca.pem", (ca_dir / "ca.pem").read_bytes(), 0o644)
        if not (identity_dir / f"{name}.pem").exists():
            if not (ca_dir / "ca.key").exists():
                raise FileNotFoundError(
                    f"{ca_dir / 'ca.key'} is missing, so {name} cannot be made: the CA of {ca_dir / 'ca.pem'} is kept "
                    "elsewhere. Have it made there and put here, or set ARDOISE_IDENTITY_DIR to where the key is"
                )
            _make_certificate(ca_dir, identity_dir, name, role, hosts)
    return credentials(identity_dir, name)


def client_identity(identity_dir: Path, name: str, role: Role) -> Credentials:
    """Of a visitor: made where a development CA's key is, else what is there. Raises FileNotFoundError."""
    if (identity_dir / "ca.key").exists():
        return ensure_development_identity(identity_dir, name, role)
    return credentials(identity_dir, name)


def _make_ca(identity_dir: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ardoise development CA")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + DEVELOPMENT_CA_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    # The certificate last: with it the CA is whole, and stays.
    _write(identity_dir / "ca.key", _key_pem(key), 0o600)
    _write(identity_dir / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_certificate(ca_dir: Path, identity_dir: Path, name: str, role: Role, hosts: Sequence[str]) -> None:
    ca = x509.load_pem_x509_certificate((ca_dir / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((ca_dir / "ca.key").read_bytes(), password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(f"{TRUST_DOMAIN}{role}/{name}")]
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if role == Role.SERVICE:
        # Only services serve: a relay's or a person's stolen key must not pass for one of them.
        names += [_host(host) for host in ("localhost", name, "127.0.0.1", "::1", *hosts)]
        uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + CERTIFICATE_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(uses),
            critical=False,
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    _write(identity_dir / f"{name}.key", _key_pem(key), 0o600)
    _write(identity_dir / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    partial = path.with_suffix(path.suffix + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    partial.replace(path)
