"""The token bucket, with the time in our hands."""

from rooms.flood import TokenBucket


def test_a_burst_is_let_through_and_no_more() -> None:
    bucket = TokenBucket(burst=3, per_second=1)
    assert [bucket.take(100) for _ in range(4)] == [True, True, True, False]


def test_tokens_come_back_with_time() -> None:
    bucket = TokenBucket(burst=2, per_second=2)
    assert [bucket.take(100), bucket.take(100), bucket.take(100.4)] == [True, True, False]
    assert bucket.take(100.6)
    assert not bucket.take(100.6)


def test_a_long_silence_earns_one_burst_only() -> None:
    bucket = TokenBucket(burst=2, per_second=10)
    bucket.take(0)
    assert [bucket.take(1000) for _ in range(3)] == [True, True, False]
