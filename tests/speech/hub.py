"""A hub of models, and a package index, on this machine: as far as their clients ask them."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Every repository has the same files; packages are wheels by file name."""

    files: dict[str, bytes] = field(default_factory=dict)
    wheels: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, str] = field(default_factory=dict)
    """A SHA-256 that the hub says of a file, where it is not that of its bytes."""
    missing: set[str] = field(default_factory=set)
    """Files it names and does not have."""
    address: str = ""

    def listed(self) -> Iterator[dict[str, object]]:
        """What the hub says of each file."""
        for name, content in self.files.items():
            digest = self.announced.get(name, hashlib.sha256(content).hexdigest())
            lfs = {"sha256": digest, "oid": digest, "size": len(content), "pointerSize": 130}
            file = {"path": name, "rfilename": name, "type": "file", "oid": digest[:40]}
            yield file | {"size": len(content), "lfs": lfs}

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Media type and content of an address; None where there is nothing."""
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/api/models/"):
            if "/tree/" in path:
                return "application/json", json.dumps(list(self.listed())).encode()
            model = {"id": "a/model", "sha": COMMIT, "siblings": list(self.listed())}
            return "application/json", json.dumps(model).encode()
        if path.startswith("/simple/"):
            links = (f'<a href="/wheels/{each}">{each}</a>' for each in self.wheels)
            return "text/html", "".join(links).encode()
        if path.startswith("/wheels/") and name in self.wheels:
            return "application/zip", self.wheels[name]
        if f"/resolve/{COMMIT}/" in path and name in self.files.keys() - self.missing:
            return "application/octet-stream", self.files[name]
        return None


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """The hub answers at its `address` meanwhile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(hub))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = hub.answer(urlsplit(self.path).path)
            media_type, content = answer or ("text/plain", b"Nothing here.")
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
