"""Addresses at which a stored file can be fetched for some minutes by whoever was checked before.

Players ask for many ranges of a file, may have no cookies (a car, a television), and object
storages know nothing of our sessions. So a view that asked the policy redirects to an address that
is signed: one of our own, or one of the object storage. One of ours says whom it was given to, and
each request asks the policy again (`recordings.access`).
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import content_disposition_header

from recordings.models import recordings_storage

GOOD_FOR = timedelta(minutes=15)
"""What began goes on; a player that comes later asks for a new address (`js/replay/renew.js`)."""

_SALT = "recordings.links"


class Way(StrEnum):
    """By which right somebody has a file."""

    COPY = "copy"
    REPLAY = "replay"
    EXPORT = "export"


class Stored(Protocol):
    """What a row says of a file in the storage."""

    recording_id: int
    sha256: str
    size: int

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed address stands for."""

    recording: int
    name: str
    size: int
    sha256: str
    content_type: str
    disposition: str
    way: str
    user: int | None
    """Who was sent there; None: a guest."""


class BadLink(ValueError):
    """Not signed by us, or too long ago."""


def redirect_to_file(
    request: HttpRequest, row: Stored, way: Way, file_name: str, content_type: str
) -> HttpResponse:
    """Send a person who may have this file there, where it has a readable name.

    `?download=1` asks for a download instead of playing. Raises `FileNotFoundError`.
    """
    if not recordings_storage().exists(row.name):
        raise FileNotFoundError(row.name)
    is_download = request.GET.get("download") == "1"
    disposition = content_disposition_header(is_download, file_name) or "inline"
    link = Link(
        recording=row.recording_id,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        content_type=content_type,
        disposition=disposition,
        way=way,
        user=request.user.pk,
    )
    return HttpResponseRedirect(
        _address(link), preserve_request=True, headers={"Cache-Control": "private, no-store"}
    )


def read(token: str) -> Link:
    """What a signed address of ours stands for. Raises `BadLink`."""
    try:
        return Link(**signing.loads(token, salt=_SALT, max_age=GOOD_FOR))
    except (signing.BadSignature, TypeError) as error:
        raise BadLink(str(error)) from error


def _address(link: Link) -> str:
    if not settings.S3_BUCKET:
        return reverse("stored_file", args=[signing.dumps(asdict(link), salt=_SALT)])
    said = {
        "ResponseContentType": link.content_type,
        "ResponseContentDisposition": link.disposition,
        "ResponseCacheControl": "private, no-store",
    }
    return str(
        recordings_storage().url(  # type: ignore[call-arg]  # of S3Storage
            link.name, parameters=said, expire=int(GOOD_FOR.total_seconds())
        )
    )
