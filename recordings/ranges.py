"""Byte ranges of HTTP (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

# No file has more bytes than 19 digits can say, and Python refuses to read thousands of them.
_SINGLE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.IGNORECASE | re.ASCII)


class NotSatisfiable(ValueError):
    """The range lies outside of the file: 416."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`length` bytes from `start` of a file of `size` bytes."""

    start: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        """The value of the header of the same name."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


def parse(header: str, size: int) -> ByteRange | None:
    """The range that a `Range` header asks of a file of `size` bytes.

    None: answer with the whole file, because there is no header, it is malformed, or it asks for
    several ranges (a server may ignore those, section 14.2). Raises `NotSatisfiable`.
    """
    match = _SINGLE.fullmatch(header.replace(" ", ""))
    if match is None or match.group(0).endswith("=-"):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
        if not int(last):
            raise NotSatisfiable
    else:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise NotSatisfiable
    return ByteRange(start, stop - start, size)
