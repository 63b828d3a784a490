"""The commands, their options and their help."""

import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from ardoise_operator.plugin.api import Api
from ardoise_operator.plugin.glass import break_glass as guide
from ardoise_operator.plugin.moving import INTERRUPTED_CODE, Mover, Way
from ardoise_operator.plugin.problem import Problem
from ardoise_operator.plugin.running import run as run_drill
from ardoise_operator.plugin.words import span
from ardoise_operator.plugin.drills import listing, report as reported
from ardoise_operator.plugin.watch import once, watched

FOLLOW_LIMIT_S = 300.0
"""A planned change takes seconds, and waits a minute for the one before it; then the other region has to follow."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|)")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
