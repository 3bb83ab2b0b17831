"""People show a picture: whatever they upload becomes a small square without metadata."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from PIL import Image

from accounts.models import User

Browser = Callable[[User], Client]
Photo = Callable[..., SimpleUploadedFile]
pytestmark = pytest.mark.django_db(transaction=True)


def upload(client: Client, file: SimpleUploadedFile, **answers: str) -> str:
    """Save the profile with the file as picture; return the page that follows."""
    data = {"display_name": "Listener", "new_picture": file, **answers}
    return client.post("/settings/profile/", data, follow=True).content.decode()


def file_of(user: User) -> Path:
    """Where the picture lies on the disk."""
    user.refresh_from_db()
    return Path(settings.MEDIA_ROOT) / str(user.picture.name)


def stored(user: User) -> Image.Image:
    """The picture as it was kept."""
    return Image.open(file_of(user))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_becomes_a_square_webp_with_a_name_of_its_own(
    browser_of: Browser, listener: User, photo: Photo, format_: str
) -> None:
    page = upload(browser_of(listener), photo("holiday.xyz", format_))
    assert "Your profile is saved." in page
    with stored(listener) as picture:
        assert (picture.format, picture.size) == ("WEBP", (256, 256))
    assert "holiday" not in str(listener.picture.name)
    assert f'src="/pictures/{listener.picture.name}"' in page


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_used(
    browser_of: Browser, listener: User, photo: Photo, mode: str
) -> None:
    upload(browser_of(listener), photo(mode=mode))
    with stored(listener) as picture:
        assert picture.size == (256, 256)


def test_a_photo_from_a_phone_is_turned_upright_and_loses_what_it_tells(
    browser_of: Browser, listener: User
) -> None:
    # Red left half, blue right half; orientation 6 says: turn clockwise, red comes on top.
    photo = Image.new("RGB", (400, 400), "blue")
    photo.paste("red", (0, 0, 200, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    file = BytesIO()
    photo.save(file, "JPEG", exif=exif, comment=b"secret place")
    upload(browser_of(listener), SimpleUploadedFile("me.jpg", file.getvalue()))
    with stored(listener) as picture:
        assert not picture.getexif()
        assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(picture.info)
        pixels = np.asarray(picture.convert("RGB"))
        assert pixels[20, 128, 0] > 200 > pixels[20, 128, 2]
        assert pixels[236, 128, 2] > 200 > pixels[236, 128, 0]


def test_a_new_picture_removes_the_file_of_the_old_one(
    browser_of: Browser, listener: User, photo: Photo
) -> None:
    client = browser_of(listener)
    upload(client, photo())
    old = file_of(listener)
    upload(client, photo())
    assert file_of(listener).exists()
    assert not old.exists()


def test_a_picture_can_be_removed(browser_of: Browser, listener: User, photo: Photo) -> None:
    client = browser_of(listener)
    upload(client, photo())
    old = file_of(listener)
    client.post("/settings/profile/", {"display_name": "Listener", "remove_picture": "on"})
    listener.refresh_from_db()
    assert not listener.picture
    assert not old.exists()


def test_saving_without_a_file_keeps_the_picture(
    browser_of: Browser, listener: User, photo: Photo
) -> None:
    client = browser_of(listener)
    upload(client, photo())
    client.post("/settings/profile/", {"display_name": "Somebody"})
    with stored(listener) as picture:
        assert picture.size == (256, 256)


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large and has nothing inside."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("me.svg", SVG, "no picture we can read"),
        ("me.png", b"I am a letter.", "no picture we can read"),
        ("me.png", b"\x89PNG\r\n\x1a\n", "no picture we can read"),
        ("me.png", png_of(0, 0), "no picture we can read"),
        ("me.png", png_of(30, 30), "no picture we can read"),
        ("me.gif", b"GIF89a", "no picture we can read"),
        ("me.jpg", b"\xff\xd8\xff\xe0" + bytes(3000), "no picture we can read"),
        ("me.png", b"", "The submitted file is empty"),
        ("me.png", bytes(5_000_001), "larger than 5 MB"),
        ("me.png", png_of(8_000, 5_001), "more than 40 million pixels"),
        ("me.png", png_of(10_000, 10_000), "more than 40 million pixels"),
        ("me.png", png_of(60_000, 60_000), "more than 40 million pixels"),
    ],
)
def test_what_is_no_usable_picture_is_explained(
    browser_of: Browser, listener: User, name: str, content: bytes, reason: str
) -> None:
    page = upload(browser_of(listener), SimpleUploadedFile(name, content))
    assert reason in page
    listener.refresh_from_db()
    assert not listener.picture


def test_a_truncated_photo_is_explained(browser_of: Browser, listener: User, photo: Photo) -> None:
    whole = photo("me.jpg", "JPEG", size=(900, 900)).read()
    page = upload(browser_of(listener), SimpleUploadedFile("me.jpg", whole[: len(whole) // 2]))
    assert "no picture we can read" in page


def test_other_formats_of_the_decoder_are_not_open(
    browser_of: Browser, listener: User, photo: Photo
) -> None:
    assert "no picture we can read" in upload(browser_of(listener), photo("me.png", "TIFF"))


def test_a_picture_is_served_for_ever_and_as_what_it_is(
    browser_of: Browser, client: Client, listener: User, photo: Photo
) -> None:
    upload(browser_of(listener), photo())
    listener.refresh_from_db()
    response = client.get(f"/pictures/{listener.picture.name}")
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content[8:12] == b"WEBP"


async def test_a_picture_is_served_by_asgi_without_warnings(
    async_client: AsyncClient, tmp_path: Path
) -> None:
    file = Path(settings.MEDIA_ROOT) / "users" / f"{'a' * 32}.webp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"pixels")
    response = await async_client.get(f"/pictures/users/{file.name}")
    assert response.content == b"pixels"
    file.unlink()


@pytest.mark.parametrize(
    "path",
    [
        "../db.sqlite3",
        "users/../../secret_key",
        "users/%2e%2e/%2e%2e/secret_key",
        "..%2fsecret_key",
        "users/",
        "users/notes.txt",
        "users/" + "b" * 32 + ".webp",
        "/etc/passwd",
    ],
)
def test_nothing_but_pictures_is_served(client: Client, path: str) -> None:
    (Path(settings.MEDIA_ROOT) / "users").mkdir(parents=True, exist_ok=True)
    (Path(settings.MEDIA_ROOT) / "users" / "notes.txt").write_text("private")
    assert client.get(f"/pictures/{path}").status_code == 404
