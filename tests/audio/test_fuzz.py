"""A short run of `make fuzz`, which has no end of them."""

from pathlib import Path

import pytest

from bench.fuzz import Disturbed, Session, run


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_thousand_mutated_packets_disturb_nobody(tmp_path: Path, seed: int) -> None:
    dropped = run(100_000, seed, tmp_path)
    seen = {"bad_stun", "bad_integrity", "unknown_username", "unknown_address", "bad_dtls"}
    assert seen | {"bad_srtp", "early_srtp", "truncated_dtls", "not_media"} <= dropped.keys()


def test_the_run_notices_when_the_two_do_not_hear_each_other(tmp_path: Path) -> None:
    session = Session(tmp_path, seed=1)
    session.core.set_voices("room", frozenset({"anna"}))
    for _ in range(50):
        session.turn()
    with pytest.raises(Disturbed):
        session.finish()
    session.core.close()
