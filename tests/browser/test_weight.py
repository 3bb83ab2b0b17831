"""The page of a Space is light: what it loads of ours is counted as it travels."""

import gzip
from urllib.parse import urlsplit

from playwright.async_api import Response

from tests.browser.conftest import BringIn

LIMIT = 60_000  # bytes of scripts and style sheets, compressed


async def test_the_scripts_and_styles_of_a_room_weigh_little(bring_in: BringIn) -> None:
    host = await bring_in("host")
    listener = await bring_in("listener", locale="it")
    space = await host.start_a_space("Light as a feather")
    responses: list[Response] = []
    listener.page.on("response", lambda response: responses.append(response))
    await host.join(space)
    await listener.join(space)
    weights = {
        urlsplit(response.url).path: len(gzip.compress(await response.body()))
        for response in responses
        if response.request.resource_type in ("script", "stylesheet")
    }
    assert "/static/js/room/main.js" in weights
    assert any(path.startswith("/styles/") for path in weights)
    assert any(path.startswith("/jsi18n/it/") for path in weights)
    assert sum(weights.values()) <= LIMIT, weights
