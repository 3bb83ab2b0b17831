"""Events from one publisher to any number of asynchronous readers on the same event loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self
from weakref import WeakSet

from audio.protocol import EngineEvent


class Subscription(AsyncIterator[EngineEvent]):
    """One reader: sees every event published after its creation, in order, until the end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._ended = False

    def put(self, event: EngineEvent | None) -> None:
        """Queue an event; `None` ends the subscription."""
        self._queue.put_nowait(event)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EngineEvent:
        event = None if self._ended else await self._queue.get()
        if event is None:
            self._ended = True
            raise StopAsyncIteration
        return event


class EventBus:
    """Hands each event to every live subscription; an abandoned one is simply collected."""

    def __init__(self) -> None:
        self._subscriptions: WeakSet[Subscription] = WeakSet()

    def subscribe(self) -> Subscription:
        """A reader of everything published from now on."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, event: EngineEvent) -> None:
        """Give the event to everybody who reads."""
        for subscription in list(self._subscriptions):
            subscription.put(event)

    def end(self) -> None:
        """End every present subscription; later ones start anew."""
        for subscription in list(self._subscriptions):
            subscription.put(None)
        self._subscriptions.clear()
