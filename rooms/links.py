"""Addresses that people are shown: what may be one, and where it leads."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from rooms.errors import Code, refused
from rooms.written import MAX_LINK

_is_web_address = URLValidator(schemes=["http", "https"])


def web_address(text: str) -> str:
    """The address without spaces around; raises `bad_link` where it is none of the web.

    It is never fetched, so it may lead anywhere: people see where.
    """
    address = text.strip()
    try:
        _is_web_address(address)
        shown_host(address)
        # In https://bank.example@evil.example/ people would read the wrong host.
        is_plain = "@" not in urlsplit(address).netloc
    except (ValidationError, ValueError):
        raise refused(Code.BAD_LINK) from None
    if not is_plain or not address.isprintable() or len(address) > MAX_LINK:
        raise refused(Code.BAD_LINK)
    return address


def shown_host(address: str) -> str:
    """The host of an address in ASCII (IDNA), where no letter passes for another.

    Raises `ValueError` where it cannot be written so.
    """
    return (urlsplit(address).hostname or "").encode("idna").decode("ascii")
