"""What a process prints of others' libraries."""

import subprocess
import sys

import pytest

PROGRAM = """
import logging
from ardoise.chassis.telemetry import configure_logging
configure_logging("{level}", service="test")
logging.getLogger("asyncio").warning("of a library")
"""


@pytest.mark.parametrize(("level", "printed"), [("INFO", True), ("ERROR", False)])
def test_a_level_holds_for_chatty_libraries_too(level: str, printed: bool):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(level=level)], capture_output=True, text=True, check=True
    )
    assert ("of a library" in done.stderr) is printed
