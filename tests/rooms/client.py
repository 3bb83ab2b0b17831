"""A client of docs/websocket.md for the tests: commands go out, frames are found by type."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.core import signing
from django.test import Client as Browser

from accounts.models import User
from rooms.models import Room
from rooms.visitors import COOKIE, SALT
from spaces_site.asgi import application
from tests.rooms.waiting import PATIENCE

Json = dict[str, Any]


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Client:
    """One browser with one WebSocket: `async with Client(room, user) as ada: ...`.

    Without `user` it is a guest. `visitor` names the browser; two clients with the same one are
    two tabs.
    """

    def __init__(
        self,
        room: Room | str,
        user: User | None = None,
        *,
        visitor: str | None = None,
        subprotocol: str = "spaces.v1",
        language: str = "en",
    ) -> None:
        self.name = user.handle if user else "guest"
        self.visitor = (self.name.encode().hex() * 32)[:32] if visitor is None else visitor
        self.you: Json = {}
        self._user = user
        self._path = f"/ws/spaces/{room.public_id if isinstance(room, Room) else room}/"
        self._subprotocol = subprotocol
        self._language = language
        self._last_id = 0
        self._inbox: list[Json] = []
        self._close_code: int | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        headers = [
            (b"origin", b"http://localhost"),
            (b"host", b"localhost"),
            (b"cookie", "; ".join(await database_sync_to_async(self._cookies)()).encode()),
            (b"accept-language", self._language.encode()),
        ]
        self._communicator = WebsocketCommunicator(
            application, self._path, headers, [self._subprotocol]
        )
        accepted, self.subprotocol = await self._communicator.connect(timeout=PATIENCE)
        assert accepted, "the server accepts and then closes, so that browsers see why"
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        await self.vanish()

    async def vanish(self) -> None:
        """Lose the connection, without a word."""
        self._reading.cancel()
        await self._communicator.disconnect(timeout=PATIENCE)

    async def join(self, **data: str) -> Json:
        """Join and return the whole state."""
        state = await self.does("join", **data)
        self.you = state["you"]
        return state

    async def does(self, command: str, **data: object) -> Json:
        """Send a command and return the data of its reply; raises `Refused`."""
        self._last_id += 1
        await self.sends(json.dumps({"type": command, "id": self._last_id, "data": data}))
        answer = await self.answer_to(self._last_id)
        if answer["type"] == "error":
            raise Refused(answer["code"])
        data_of_reply: Json = answer["data"]
        return data_of_reply

    async def is_refused(self, command: str, **data: object) -> str:
        """Send a command and return the error code of its answer."""
        try:
            await self.does(command, **data)
        except Refused as refusal:
            return refusal.code
        raise AssertionError(f"{command} was carried out")

    async def sends(self, text: str | None = None, *, binary: bytes | None = None) -> None:
        """Send a raw frame."""
        content = {"bytes": binary} if text is None else {"text": text}
        await self._communicator.send_input({"type": "websocket.receive", **content})

    async def answer_to(self, command_id: object) -> Json:
        """The reply or error with this id."""
        return await self._take(
            lambda frame: frame["type"] in ("reply", "error") and frame["id"] == command_id
        )

    async def hears(self, event: str, **expected: object) -> Json:
        """The data of the next event of this type whose data holds what is expected."""
        frame = await self._take(
            lambda frame: (
                frame["type"] == event
                and all(frame["data"].get(key) == value for key, value in expected.items())
            )
        )
        data: Json = frame["data"]
        return data

    async def becomes(self, role: str, *, why: str) -> None:
        """Wait to be told that one's role is this now, for this reason."""
        await self._take(
            lambda frame: (
                frame["type"] == "you.changed"
                and frame["data"]["you"]["role"] == role
                and frame["data"]["why"] == why
            )
        )

    async def told(self, **you: object) -> None:
        """Wait to be told this of oneself, for whatever reason."""
        await self._take(
            lambda frame: (
                frame["type"] == "you.changed" and you.items() <= frame["data"]["you"].items()
            )
        )

    async def hears_stage(self, **roles_by_name: str) -> None:
        """Wait until the stage is exactly this: `ada="muted"`, `ada="open"`, `ada="away"`."""

        def is_so(frame: Json) -> bool:
            if frame["type"] != "stage.changed":
                return False
            return {p["handle"]: _manner(p) for p in frame["data"]["stage"]} == roles_by_name

        await self._take(is_so)

    async def hears_error(self) -> str:
        """The code of the next error that belongs to no command."""
        frame = await self._take(lambda frame: frame["type"] == "error" and frame["id"] is None)
        return str(frame["code"])

    async def is_closed(self) -> int:
        """The code with which the server closed, which it does within the patience."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self._close_code is not None)
        assert self._close_code is not None
        return self._close_code

    def has_heard(self, event: str) -> bool:
        """Whether an event of this type has come and was not looked for yet."""
        return any(frame["type"] == event for frame in self._inbox)

    async def _take(self, wanted: Callable[[Json], bool]) -> Json:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: any(map(wanted, self._inbox)))
        found = next(frame for frame in self._inbox if wanted(frame))
        self._inbox.remove(found)
        return found

    async def _read(self) -> None:
        while True:
            output = await self._communicator.output_queue.get()
            async with self._news:
                if output["type"] == "websocket.send":
                    self._inbox.append(json.loads(output["text"]))
                else:
                    self._close_code = output.get("code", 1000)
                self._news.notify_all()

    def _cookies(self) -> list[str]:
        cookies = []
        if self.visitor:
            signer = signing.get_cookie_signer(salt=COOKIE + SALT)
            cookies.append(f"{COOKIE}={signer.sign(self.visitor)}")
        if self._user is not None:
            browser = Browser()
            browser.force_login(self._user, backend="django.contrib.auth.backends.ModelBackend")
            name = settings.SESSION_COOKIE_NAME
            cookies.append(f"{name}={browser.cookies[name].value}")
        return cookies


def _manner(person: Json) -> str:
    if not person["connected"]:
        return "away"
    return "muted" if person["muted"] else "open"
