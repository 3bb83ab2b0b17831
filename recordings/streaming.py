"""Answers with a file, or a range of it, without ever holding it in memory."""

from collections.abc import AsyncIterator
from typing import Protocol

from asgiref.sync import sync_to_async
from django.core.files import File
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from recordings import ranges
from recordings.models import recordings_storage

CHUNK = 256 * 1024
CONTENT_TYPE = "audio/ogg; codecs=opus"


class FileSlice:
    """`length` bytes of an open file, read in a thread so that the event loop goes on."""

    def __init__(self, file: "File[bytes]", start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self._file.read, thread_sensitive=False)
        await sync_to_async(self._file.seek, thread_sensitive=False)(self._start)
        left = self._length
        while left and (chunk := await read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by Django at the end of the response, also of one that was broken off."""
        self._file.close()


class Stored(Protocol):
    """What a row says of a file in the storage."""

    sha256: str
    size: int

    @property
    def name(self) -> str: ...


def file_response(
    request: HttpRequest, row: Stored, file_name: str, content_type: str = CONTENT_TYPE
) -> HttpResponseBase:
    """Serve a stored file under a readable name: whole, or the range that was asked for.

    `?download=1` asks for a download instead of playing. Raises `FileNotFoundError`.
    """
    etag = f'"{row.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "ETag": etag,
        "Content-Disposition": content_disposition_header(
            request.GET.get("download") == "1", file_name
        ),
    }
    try:
        wanted = _wanted_range(request, etag, row.size)
    except ranges.NotSatisfiable:
        headers["Content-Range"] = f"bytes */{row.size}"
        return HttpResponse(status=416, headers=headers)
    part = wanted or ranges.ByteRange(0, row.size, row.size)
    headers["Content-Length"] = str(part.length)
    if wanted:
        headers["Content-Range"] = wanted.content_range
    kind = {"status": 206 if wanted else 200, "content_type": content_type, "headers": headers}
    if request.method == "HEAD":
        return HttpResponse(**kind)
    content = FileSlice(recordings_storage().open(row.name), part.start, part.length)
    return StreamingHttpResponse(content, **kind)


def _wanted_range(request: HttpRequest, etag: str, size: int) -> ranges.ByteRange | None:
    """What `Range` asks for, unless `If-Range` says that it means another version of the file."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return ranges.parse(request.headers.get("Range", ""), size)
