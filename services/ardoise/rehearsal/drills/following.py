"""Does what a section of a runbook says, as a person at a shell beside the platform would."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from ardoise.rehearsal.drills.faults import DrillFailed
from ardoise.rehearsal.drills.history import Followed, History, Kind
from ardoise.rehearsal.drills.runbook import Command, Expectation, for_cast, read_page, sections
from ardoise.rehearsal.drills.scenario import Cast, Follow
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.services import inherited

COMMAND_LIMIT_S = 90.0
LOOK_AGAIN_S = 1.0
MAX_OUTPUT_CHARACTERS = 20_000
COLUMNS = "220"
"""No line of a table is folded: each is looked for as a whole."""


async def follow(
    step: Follow, cast: Cast, history: History, state_dir: Path, tell: Callable[[str], None]
) -> None:
    """Raises DrillFailed at the first command that does not show what the runbook says."""
    for written in sections(read_page(step.runbook))[step.section]:
        command = for_cast(written, cast)
        history.note(Kind.COMMAND, command.line)
        tell(f"{history.now_s():6.1f} s  $ {command.line}")
        done = await _until_seen(step, command, history, state_dir)
        history.followed.append(done)
        if done.missing:
            raise DrillFailed(
                f"runbook {step.runbook}, {step.section}: `{done.command}` does not show: {done.missing[0]}"
            )


async def _until_seen(step: Follow, command: Command, history: History, state_dir: Path) -> Followed:
    began_s = history.now_s()
    while True:
        exit_code, output = await _shell(command.line, state_dir)
        missing = command.missing(output)
        if (exit_code == 0) is (command.expectation is Expectation.REFUSED):
            missing.append(f"exit code {'other than 0' if exit_code == 0 else '0'}, it was {exit_code}")
        late = history.now_s() - began_s > Wait.RUNBOOK.seconds
        if not missing or late or command.expectation is not Expectation.IN_TIME:
            return Followed(
                round(began_s, 2),
                step.runbook,
                step.section,
                command.line,
                exit_code,
                output[-MAX_OUTPUT_CHARACTERS:],
                tuple(missing),
            )
        await asyncio.sleep(LOOK_AGAIN_S)


async def _shell(line: str, state_dir: Path) -> tuple[int, str]:
    """Exit code, and all that it printed. It does not outlive its limit, nor a drill that is aborted."""
    here = Path(sys.executable).parent
    environment = {
        # A file of sites or a certificate of somebody's clusters must not turn a drill on them.
        **inherited(),
        "ARDOISE_STATE_DIR": str(state_dir),
        "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "COLUMNS": COLUMNS,
    }
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            line,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    )
    try:
        # A drill that is stopped meanwhile still learns what it has to end.
        process = await asyncio.shield(starting)
        async with asyncio.timeout(COMMAND_LIMIT_S):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise DrillFailed(f"`{line}` was not done within {COMMAND_LIMIT_S:.0f} s") from error
    finally:
        process = await starting
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")
