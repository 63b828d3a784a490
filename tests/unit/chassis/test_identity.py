"""The development CA and what its certificates say."""

import concurrent.futures
import stat

import pytest
from ardoise.chassis.identity import Caller, Role, caller_from_uris, credentials, ensure_development_identity
from cryptography import x509


def test_the_first_start_makes_a_ca_and_the_next_keeps_it(tmp_path):
    first = ensure_development_identity(tmp_path, "ingest", Role.SERVICE)
    ca = first.ca.read_bytes()
    second = ensure_development_identity(tmp_path, "moto-1", Role.RELAY)
    assert second.ca.read_bytes() == ca
    assert ensure_development_identity(tmp_path, "ingest", Role.SERVICE).certificate.read_bytes() == (
        first.certificate.read_bytes()
    )


def test_a_certificate_names_its_holder_and_role(tmp_path):
    made = ensure_development_identity(tmp_path, "moto-1", Role.RELAY)
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert caller_from_uris(uris) == Caller("moto-1", Role.RELAY)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(made.ca.read_bytes()))


def test_keys_are_readable_by_their_owner_alone(tmp_path):
    made = ensure_development_identity(tmp_path, "ingest", Role.SERVICE)
    for key in (made.key, tmp_path / "ca.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://ardoise/king/ingest",
        "spiffe://elsewhere/service/ingest",
        "spiffe://ardoise/service",
        "http://x",
    ],
)
def test_a_uri_that_is_not_ours_names_nobody(uri):
    assert caller_from_uris([uri]) is None


def test_a_missing_certificate_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="ardoise identity ingest"):
        credentials(tmp_path, "ingest")


def test_processes_that_start_together_make_one_ca(tmp_path):
    names = [f"relay-{number}" for number in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda name: ensure_development_identity(tmp_path, name, Role.RELAY), names))
    ca = x509.load_pem_x509_certificate(made[0].ca.read_bytes())
    for one in made:
        x509.load_pem_x509_certificate(one.certificate.read_bytes()).verify_directly_issued_by(ca)


def test_a_ca_whose_key_is_elsewhere_is_never_replaced(tmp_path):
    trusted = ensure_development_identity(tmp_path, "ingest", Role.SERVICE).ca.read_bytes()
    (tmp_path / "ca.key").unlink()
    with pytest.raises(FileNotFoundError, match=r"ca\.key is missing, so moto-1 cannot be made"):
        ensure_development_identity(tmp_path, "moto-1", Role.RELAY)
    assert (tmp_path / "ca.pem").read_bytes() == trusted
    assert not (tmp_path / "moto-1.pem").exists()
    # What is there already needs no key.
    assert ensure_development_identity(tmp_path, "ingest", Role.SERVICE).ca.read_bytes() == trusted


def test_a_ca_that_was_only_half_made_is_made_anew(tmp_path):
    (tmp_path / "ca.key").write_text("killed before its certificate was written")
    made = ensure_development_identity(tmp_path, "moto-1", Role.RELAY)
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    x509.load_pem_x509_certificate(made.certificate.read_bytes()).verify_directly_issued_by(ca)
