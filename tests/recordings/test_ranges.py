"""Byte ranges, as RFC 9110 section 14 has them."""

import pytest

from recordings import ranges


@pytest.mark.parametrize(
    ("header", "start", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 100),
        ("bytes=10-19", 10, 10),
        ("bytes=90-", 90, 10),
        ("bytes=90-1000", 90, 10),
        ("bytes=-5", 95, 5),
        ("bytes=-1000", 0, 100),
        ("Bytes = 5 - 6", 5, 2),
    ],
)
def test_a_range_is_understood(header: str, start: int, length: int) -> None:
    assert ranges.parse(header, 100) == ranges.ByteRange(start, length, 100)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "lines=1-2",
        "bytes=0-1,5-6",
        "bytes=0-" + "9" * 5000,
        "bytes=-" + "9" * 5000,
        "bytes=\u0661-\u0662",
    ],
)
def test_what_is_no_single_range_means_the_whole_file(header: str) -> None:
    assert ranges.parse(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_of_the_file_is_refused(header: str) -> None:
    with pytest.raises(ranges.NotSatisfiable):
        ranges.parse(header, 100)


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(ranges.NotSatisfiable):
        ranges.parse("bytes=0-", 0)


def test_the_answer_names_the_range() -> None:
    assert ranges.ByteRange(10, 10, 100).content_range == "bytes 10-19/100"
