"""Whether a stream carries copies for what the network loses (in-band FEC, RFC 6716, 2.1.7).

Copies restore most of what is lost, and are nothing but cost while nothing is. So they begin once
a fiftieth of those who hear the stream report losses, and end when nobody has done so for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LOSSY = 0.01
"""The share of packets from which on copies are worth what they cost."""

_ONE_IN = 50
_REMEMBERED = 30  # looks, one each second: losses come in waves


@dataclass(slots=True)
class Protection:
    """Follows the reports of those who hear one stream, look by look."""

    _calm_after: int = 0

    @property
    def active(self) -> bool:
        """Whether copies are worth it now."""
        return self._calm_after > 0

    def look(self, losses: Sequence[float]) -> None:
        """Take in the latest losses, from 0 to 1, of everybody who hears the stream."""
        lossy = sum(loss >= LOSSY for loss in losses)
        if lossy and lossy * _ONE_IN >= len(losses):
            self._calm_after = _REMEMBERED
        elif self._calm_after:
            self._calm_after -= 1
