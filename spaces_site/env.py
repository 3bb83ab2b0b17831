"""The only reader of the environment. A value that cannot be understood stops the start."""

import os
import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from speech.models import SIZES

_TURN_URL = re.compile(
    r"turns?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?"
)
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True}
_BOOLEANS |= {"0": False, "false": False, "no": False, "off": False}


def text(name: str, default: str = "") -> str:
    """The value without surrounding space; an empty value counts as unset."""
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    """`on`/`off`, `yes`/`no`, `true`/`false`, `1`/`0`; anything else is an error."""
    value = text(name)
    if not value:
        return default
    try:
        return _BOOLEANS[value.lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name}={value!r}: say on or off") from None


def integer(name: str, default: int, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """A whole number within the bounds, both included."""
    value = text(name) or str(default)
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name}={number} is not between {minimum} and {maximum}")
    return number


def port(name: str, default: int) -> int:
    """A TCP or UDP port."""
    return integer(name, default, minimum=1, maximum=65535)


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; empty items are left out."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first is the default."""
    value = text(name, choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: say {' or '.join(choices)}")
    return value


def websocket_urls(name: str) -> list[str]:
    """A comma-separated list of `ws://` and `wss://` addresses."""
    found = words(name)
    for word in found:
        parts = urlsplit(word)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ImproperlyConfigured(f"{name}: {word!r} is no ws:// or wss:// address")
    return list(dict.fromkeys(found))


def http_url(name: str) -> str:
    """An `http://` or `https://` address without a path, or nothing."""
    value = text(name).rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path):
        raise ImproperlyConfigured(f"{name}={value!r} is not like https://s3.example.org")
    return value


def address(name: str, default: str) -> str:
    """An IP address of either family, in its usual writing."""
    return str(_ip(name, text(name, default)))


def public_addresses(name: str) -> list[str]:
    """A comma-separated list of IP addresses that others can send to."""
    found = [_ip(name, word) for word in words(name)]
    for ip in found:
        if ip.is_unspecified or ip.is_multicast or ip.is_link_local:
            raise ImproperlyConfigured(f"{name}: nobody can send to {ip}")
    return [str(ip) for ip in dict.fromkeys(found)]


def turn_urls(name: str) -> list[str]:
    """A comma-separated list of TURN servers, as browsers take them (RFC 7065)."""
    found = words(name)
    for word in found:
        if not _TURN_URL.fullmatch(word):
            raise ImproperlyConfigured(f"{name}: {word!r} is not like turn:turn.example.org:3478")
    return found


def speech_model(name: str) -> str:
    """A size of Whisper, by default the first, or the path of a folder."""
    value = text(name, SIZES[0])
    if value not in SIZES and "/" not in value:
        raise ImproperlyConfigured(f"{name}={value!r}: say {', '.join(SIZES)}, or /a/folder")
    return value


def _ip(name: str, word: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name}: {word!r} is not an IP address") from None


def path(name: str, default: Path) -> Path:
    """A folder or file, made absolute."""
    return Path(text(name, str(default))).resolve()
