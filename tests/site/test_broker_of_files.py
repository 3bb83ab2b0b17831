"""Without Redis, messages to the worker are files: each is read whole, and none is lost."""

import multiprocessing
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.simple import SimpleQueue

from spaces_site import broker

MESSAGES = 300  # of each sender
PATIENCE = 30.0  # seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    return tmp_path


def connection(folder: Path) -> Connection:
    broker.register()
    return Connection(
        f"{broker.SCHEME}://",
        transport_options={
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.0,
        },
    )


def send(folder: Path, numbers: range) -> None:
    """In a process of its own, as web and the clock of the sweeps are."""
    with connection(folder) as writing, writing.SimpleQueue("work") as queue:
        for number in numbers:
            queue.put(number)


def take(queue: SimpleQueue) -> int:
    """The next message, which is not given back."""
    message = queue.get(timeout=PATIENCE)
    message.ack()
    number: int = message.payload
    return number


def test_a_reader_that_looks_all_the_time_gets_every_message(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    shares = [range(start, start + MESSAGES) for start in range(0, 3 * MESSAGES, MESSAGES)]
    senders = [context.Process(target=send, args=(folder, share)) for share in shares]
    with connection(folder) as reading, reading.SimpleQueue("work") as queue:
        for sender in senders:
            sender.start()
        read = [take(queue) for _ in range(3 * MESSAGES)]
        for sender in senders:
            sender.join(PATIENCE)

        assert sorted(read) == list(range(3 * MESSAGES))
        with pytest.raises(Empty):
            queue.get(block=False)
    assert not list((folder / "messages").iterdir())


def test_a_folder_that_takes_no_message_is_told_to_the_sender(folder: Path) -> None:
    with connection(folder) as writing, writing.SimpleQueue("full") as queue:
        (folder / "messages").rmdir()
        with pytest.raises(OperationalError, match="No message could be written"):
            queue.put("lost")
