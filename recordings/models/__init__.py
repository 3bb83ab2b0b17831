"""A recording and what is made from it, by subject; everybody imports from here."""

from recordings.models.export import Export
from recordings.models.purge_record import AppendOnlyError, PurgeRecord
from recordings.models.recording import (
    Recording,
    RecordingAccess,
    RecordingFile,
    TranscriptLine,
    recordings_storage,
)

__all__ = [
    "AppendOnlyError",
    "Export",
    "PurgeRecord",
    "Recording",
    "RecordingAccess",
    "RecordingFile",
    "TranscriptLine",
    "recordings_storage",
]
