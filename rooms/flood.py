"""How many messages one connection may send."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """`burst` messages at once and `per_second` on average. Time is given, never read."""

    burst: float
    per_second: float
    tokens: float = field(init=False)
    filled_at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Take one token; False when there is none. `now` is monotonic, in seconds."""
        if self.filled_at is not None:
            earned = (now - self.filled_at) * self.per_second
            self.tokens = min(self.burst, self.tokens + earned)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
