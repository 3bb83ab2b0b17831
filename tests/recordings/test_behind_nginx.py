"""The example configuration of docs/nginx, run by a real nginx in front of the pages."""

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import LazySettings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from recordings.models import Recording, RecordingFile
from tests.browser.service import free_port

EXAMPLE = Path(__file__).parents[2] / "docs" / "nginx" / "spaces.conf"
MAIN = """
daemon off;
pid nginx.pid;
error_log stderr;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include spaces.conf;
}}
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mix(archived: Recording) -> RecordingFile:
    return archived.files.get(kind=RecordingFile.Kind.MIX)


@pytest.fixture
def nginx(
    live_server: LiveServer, kept_folder: Path, tmp_path: Path, settings: LazySettings
) -> Iterator[int]:
    """The port at which nginx answers over TLS."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.ACCEL_LOCATION = "/kept/"
    secure, plain = free_port(), free_port()
    changes = {
        "127.0.0.1:8000": live_server.url.removeprefix("http://"),
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "    listen [::]:80;\n": "",
        "/etc/letsencrypt/live/spaces.example.org/": f"{tmp_path}/",
        "/srv/spaces/var/recordings/": f"{kept_folder}/",
    }
    example = EXAMPLE.read_text(encoding="utf-8")
    for written, ours in changes.items():
        assert written in example
        example = example.replace(written, ours)
    (tmp_path / "spaces.conf").write_text(example, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(MAIN.format(user=user), encoding="utf-8")
    write_certificate(tmp_path)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
    with (tmp_path / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        wait_for(process, tmp_path)
        yield secure
    finally:
        process.terminate()
        process.wait(timeout=10)


def write_certificate(folder: Path) -> None:
    """Signed by itself: nobody checks it here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spaces.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "privkey.pem").write_bytes(pem)
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def wait_for(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Until it listens, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not (folder / "nginx.pid").exists():
        assert process.poll() is None, (folder / "nginx.log").read_text()
        assert time.monotonic() < deadline


def get(port: int, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with closing(HTTPSConnection("127.0.0.1", port, timeout=10, context=context)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()


def test_nginx_sends_the_range_that_is_asked_for_to_whoever_may_have_it(
    nginx: int, mix: RecordingFile, kept_folder: Path, client: Client, host: User
) -> None:
    client.force_login(host)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    sent, _ = get(nginx, f"/recordings/files/{mix.pk}/", Cookie=cookie)
    assert sent.status == 307
    response, part = get(nginx, sent.headers["Location"], Range="bytes=10-29")
    content = (kept_folder / mix.name).read_bytes()
    assert (response.status, part) == (206, content[10:30])
    assert response.headers["Content-Range"] == f"bytes 10-29/{len(content)}"
    assert response.headers["Content-Type"] == "audio/ogg; codecs=opus"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "X-Accel-Redirect" not in response.headers
    whole, everything = get(nginx, sent.headers["Location"])
    assert (whole.status, everything) == (200, content)


def test_what_nginx_sends_cannot_be_reached_around_the_policy(
    nginx: int, mix: RecordingFile, client: Client, outsider: User
) -> None:
    folder, _, name = mix.name.partition("/")
    for path in (f"/kept/{mix.name}", f"/kept/{folder}/", f"/kept/x/../{folder}/{name}"):
        response, content = get(nginx, path)
        assert (response.status, b"OggS" in content) == (404, False)
    client.force_login(outsider)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    assert get(nginx, f"/recordings/files/{mix.pk}/", Cookie=cookie)[0].status == 404
    assert get(nginx, "/recordings/stored/made-up/")[0].status == 404
