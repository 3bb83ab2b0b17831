"""The log: one line for what others get wrong, a traceback for what we do."""

import logging
import sys
from typing import Any

import pytest
from django.conf import settings

from spaces_site.logs import TracebacksOfOwnFaults


def seen(**extra: object) -> logging.LogRecord:
    """A line with an exception, as it leaves the filter."""
    try:
        raise ValueError("inside")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "Bad", None, sys.exc_info())
    record.__dict__.update(extra)
    assert TracebacksOfOwnFaults().filter(record)
    return record


def test_a_refused_request_leaves_no_traceback() -> None:
    assert seen(status_code=400).exc_info is None


@pytest.mark.parametrize("extra", [{}, {"status_code": 500}])
def test_a_fault_of_ours_leaves_its_traceback(extra: dict[str, object]) -> None:
    assert seen(**extra).exc_info is not None


def test_the_console_writes_every_line_once_and_through_the_filter() -> None:
    configuration: dict[str, Any] = dict(settings.LOGGING)
    assert configuration["root"]["handlers"] == ["console"]
    assert configuration["handlers"]["console"]["filters"] == ["own_faults"]
    assert logging.getLogger("django").handlers == []
