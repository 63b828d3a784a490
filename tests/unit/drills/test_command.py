"""The drill command, as people type it."""

from pathlib import Path

from ardoise.cli.drill import app
from typer.testing import CliRunner


def test_without_a_seed_one_is_drawn(tmp_path: Path):
    """A drill that goes on to look for its platform has taken its arguments."""
    ran = CliRunner().invoke(app, ["run", "region-lost", "--state-dir", str(tmp_path / "missing")])
    assert "is no state directory" in str(ran.exception)
