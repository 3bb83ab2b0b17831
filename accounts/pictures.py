"""People's pictures: whatever is uploaded becomes one small square without metadata."""

import re
import secrets
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
MAX_BYTES = 5_000_000
MAX_PIXELS = 40_000_000
SIDE = 256  # pixels

# What `square` names its files; nothing else is served.
STORED_NAME = re.compile(r"users/[0-9a-f]{32}\.webp")


def square(upload: "UploadedFile[bytes]") -> "ContentFile[bytes]":
    """Re-encode an upload as a WebP of 256x256 pixels under a random name.

    Turned upright as its EXIF data says, cut at the centre, without any metadata. Raises
    ValidationError for a file that is too large or no picture we can read.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise ValidationError(_("This file is larger than 5 MB."), "too_large")
    try:
        picture = _upright_square(upload)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except ValidationError:
        raise
    except Exception:
        # Pillow's decoders raise nearly anything on broken data: OSError, SyntaxError,
        # ValueError, struct.error, ...
        raise ValidationError(
            _("This is no picture we can read. Please use JPEG, PNG, WebP or GIF."), "unreadable"
        ) from None
    encoded = BytesIO()
    picture.save(encoded, "WEBP", quality=82, method=6)
    return ContentFile(encoded.getvalue(), name=f"{secrets.token_hex(16)}.webp")


def _upright_square(upload: "UploadedFile[bytes]") -> Image.Image:
    """Decode the first frame; the number of pixels is checked before any is decoded."""
    with Image.open(upload, formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_many_pixels()
        image.draft("RGB", (2 * SIDE, 2 * SIDE))  # lets a JPEG be decoded at a fraction of its size
        mode = "RGBA" if image.has_transparency_data else "RGB"
        upright = ImageOps.exif_transpose(image).convert(mode)
    fitted = ImageOps.fit(upright, (SIDE, SIDE))
    bare = Image.new(mode, fitted.size)
    bare.paste(fitted)
    return bare


def _too_many_pixels() -> ValidationError:
    return ValidationError(_("This picture has more than 40 million pixels."), "too_many_pixels")
