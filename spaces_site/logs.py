"""What the log of the processes says."""

import logging


class TracebacksOfOwnFaults(logging.Filter):
    """A request that cannot be served is one line; a traceback stands for a fault of ours.

    Django attaches the exception to its lines about refused requests as well (`status_code` below
    500), so whoever sends nonsense could fill the log and hide in it what matters.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, refused requests without their traceback."""
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True
