"""A stage's set-up from whatever file a person has of it."""

from pathlib import Path

from ardoise.ingest.racecentre.recording import read_recording
from ardoise.ingest.setup.event import load_event, stage_setup
from ardoise.pb.setup_pb2 import StageSetup

EVENT_FILE_SUFFIXES = {".yaml", ".yml"}


def read_setup(path: Path, stage_id: str = "") -> StageSetup:
    """The set-up in an event file (of its first stage, where none is named) or in a recording.

    Raises SetupInvalid, RecordingInvalid, NoRoute, OSError.
    """
    if path.suffix not in EVENT_FILE_SUFFIXES:
        return read_recording(path).setup()
    event = load_event(path.read_text(encoding="utf-8"), path.parent, path.name)
    return stage_setup(event, stage_id or event.file.stages[0].id)
