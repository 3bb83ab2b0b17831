"""Many requests for the same work, done once."""

from rooms.coalesce import Coalesced
from tests.rooms.waiting import until


async def test_what_is_asked_for_during_the_pause_is_done_once_after_it() -> None:
    asked: list[int] = []
    done: list[int] = []

    async def work() -> None:
        done.append(len(asked))

    coalesced = Coalesced(work, pause=0.01)
    coalesced.ask()
    await until(lambda: done == [0])
    for number in range(100):
        asked.append(number)
        coalesced.ask()
    assert done == [0]
    await until(lambda: len(done) == 2)
    assert done == [0, 100]
    await coalesced.close()
