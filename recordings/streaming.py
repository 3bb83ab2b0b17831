"""Answers with a file, or a range of it, without ever holding it in memory."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files import File
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from recordings import ranges
from recordings.links import Link
from recordings.models import recordings_storage

CHUNK = 256 * 1024


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


def file_response(request: HttpRequest, link: Link) -> HttpResponseBase:
    """Serve a file: whole, or the range that was asked for. Raises `FileNotFoundError`.

    With `ACCEL_LOCATION` the web server in front does the work (nginx: `X-Accel-Redirect`).
    """
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": link.disposition}
    if settings.ACCEL_LOCATION:
        headers["X-Accel-Redirect"] = settings.ACCEL_LOCATION + quote(link.name)
        return HttpResponse(content_type=link.content_type, headers=headers)
    headers |= {"Accept-Ranges": "bytes", "ETag": f'"{link.sha256}"'}
    try:
        wanted = _wanted_range(request, headers["ETag"], link.size)
    except ranges.NotSatisfiable:
        headers["Content-Range"] = f"bytes */{link.size}"
        return HttpResponse(status=416, headers=headers)
    part = wanted or ranges.ByteRange(0, link.size, link.size)
    headers["Content-Length"] = str(part.length)
    if wanted:
        headers["Content-Range"] = wanted.content_range
    kind = {"status": 206 if wanted else 200, "content_type": link.content_type, "headers": headers}
    if request.method == "HEAD":
        return HttpResponse(**kind)
    content = FileSlice(recordings_storage().open(link.name), part.start, part.length)
    return StreamingHttpResponse(content, **kind)


def _wanted_range(request: HttpRequest, etag: str, size: int) -> ranges.ByteRange | None:
    """What `Range` asks for, unless `If-Range` says that it means another version of the file."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return ranges.parse(request.headers.get("Range", ""), size)
