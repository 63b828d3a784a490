"""`ardoise identity`: whose certificate says where it is reached."""

from pathlib import Path

import pytest
from ardoise.cli.people import app
from cryptography import x509
from typer.testing import CliRunner


def test_a_servers_certificate_has_the_names_that_it_is_reached_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ARDOISE_IDENTITY_DIR", str(tmp_path))
    told = ["identity", "nats", "--role", "service", "--host", "truck.example.org", "--host", "203.0.113.7"]
    assert CliRunner().invoke(app, told).exit_code == 0
    certificate = x509.load_pem_x509_certificate((tmp_path / "nats.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "truck.example.org"} <= set(names.get_values_for_type(x509.DNSName))
    assert "203.0.113.7" in map(str, names.get_values_for_type(x509.IPAddress))


def test_nobody_but_a_service_is_reached_by_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARDOISE_IDENTITY_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["identity", "moto-1", "--host", "moto.example.org"])
    assert "only --role service" in str(done.exception)
    assert not list(tmp_path.iterdir())
