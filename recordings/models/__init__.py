"""A recording and what is made from it, by subject; everybody imports from here."""

from recordings.models.append_only import AppendOnlyError
from recordings.models.discrepancy import Discrepancy
from recordings.models.export import Export
from recordings.models.purge_record import PurgeRecord
from recordings.models.recording import (
    Recording,
    RecordingAccess,
    RecordingFile,
    recordings_storage,
)
from recordings.models.replay import Clip, Replay
from recordings.models.transcript import Correction, TranscriptLine

__all__ = [
    "AppendOnlyError",
    "Clip",
    "Correction",
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
