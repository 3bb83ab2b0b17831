"""A recording and what is made from it, by subject; everybody imports from here."""

from recordings.models.discrepancy import Discrepancy
from recordings.models.export import Export
from recordings.models.purge_record import AppendOnlyError, PurgeRecord
from recordings.models.recording import (
    Recording,
    RecordingAccess,
    RecordingFile,
    TranscriptLine,
    recordings_storage,
)
from recordings.models.replay import Clip, Replay

__all__ = [
    "AppendOnlyError",
    "Clip",
    "Discrepancy",
    "Export",
    "PurgeRecord",
    "Recording",
    "RecordingAccess",
    "RecordingFile",
    "Replay",
    "TranscriptLine",
    "recordings_storage",
]
