"""When a stream is worth copies of what the network may lose."""

import pytest

from audio.protection import Protection


def looks(count: int, losses: list[float]) -> Protection:
    protection = Protection()
    for _ in range(count):
        protection.look(losses)
    return protection


@pytest.mark.parametrize("losses", [[], [0.0], [0.005] * 10, [0.2] + [0.0] * 99])
def test_nobody_or_hardly_anybody_who_loses_is_worth_no_copies(losses: list[float]) -> None:
    assert not looks(10, losses).active


@pytest.mark.parametrize("losses", [[0.01], [0.2] + [0.0] * 9, [0.02, 0.02] + [0.0] * 98])
def test_one_in_fifty_who_loses_a_hundredth_is_worth_copies(losses: list[float]) -> None:
    assert looks(1, losses).active


def test_copies_go_on_for_half_a_minute_after_the_last_loss() -> None:
    protection = looks(1, [0.1])
    for _ in range(29):
        protection.look([0.0])
    assert protection.active
    protection.look([0.0])
    assert not protection.active
