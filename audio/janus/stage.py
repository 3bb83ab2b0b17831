"""What the gateways hold of one room: its life at the origin, and everybody's transport."""

from dataclasses import dataclass, field

from audio.janus.connection import Handle, Json
from audio.janus.edge import Edge
from audio.janus.recording import Recording


@dataclass(slots=True, eq=False)
class Leg:
    """One participant's transport: at the origin (`edge` is `None`) or at an edge."""

    handle: Handle
    edge: Edge | None
    number: int = 0
    """Who they are in AudioBridge."""
    heard: bool = False


@dataclass(slots=True, eq=False)
class Stage:
    """One life of a room at the origin; a new one is made when the origin comes back."""

    recording: Recording
    mounts: dict[tuple[Edge, int], int] = field(default_factory=dict)
    """Mountpoints by edge and payload type, and the number of the forwarder of each."""
    talking: set[int] = field(default_factory=set)
    """Who is loud now, by their numbers in AudioBridge."""

    def overhear(self, message: Json) -> bool:
        """Take in news of the room, as AudioBridge tells everybody in it; returns whether who is
        loud may have changed."""
        match message:
            case {"plugindata": {"data": {"audiobridge": "talking", "id": int(number)}}}:
                self.talking.add(number)
            case {"plugindata": {"data": {"audiobridge": "stopped-talking", "id": int(number)}}}:
                self.talking.discard(number)
            case {"plugindata": {"data": {"leaving": int(number)}}}:
                self.talking.discard(number)
            case _:
                return False
        return True
