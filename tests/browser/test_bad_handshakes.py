"""Handshakes that no browser sends, against the real server."""

import socket
from urllib.parse import urlsplit

from tests.browser.service import Service


def test_a_subprotocol_that_is_not_ascii_is_refused_without_a_traceback(service: Service) -> None:
    address = urlsplit(service.url)
    assert address.hostname
    assert address.port
    request = (
        "GET /ws/spaces/abc/ HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nOrigin: {service.url}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: spaces.v\N{SUPERSCRIPT ONE}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400")
    assert "Traceback" not in service.log("web")
