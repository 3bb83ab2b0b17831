"""The one place that knows groups: tells every process with people in a room to look at it.

A message says only that something changed and for whom, never what: each process reads the
database afresh (`rooms.live`). So messages may be lost, doubled or come in any order. Reactions
and declined invitations alone travel in the message: one that was lost changes nothing.
"""

import logging
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Literal, TypedDict

from asgiref.sync import async_to_sync
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.db import transaction

from rooms.models import Participant, Room

logger = logging.getLogger(__name__)


class Why(StrEnum):
    """The reasons that `you.changed` gives to the person."""

    MUTED = "muted"
    HAND_RAISED = "hand_raised"
    HAND_LOWERED = "hand_lowered"
    HAND_CANCELLED = "hand_cancelled"
    DECLINED = "declined"
    DECLINED_LATER = "declined_later"
    DECLINED_TOPIC = "declined_topic"
    DECLINED_FULL = "declined_full"
    DECLINED_TIME = "declined_time"
    INVITED = "invited"
    INVITATION_DECLINED = "invitation_declined"
    RECORDING_ACCEPTED = "recording_accepted"
    MUTED_SELF = "muted_self"
    UNMUTED = "unmuted"
    LEFT_STAGE = "left_stage"
    DEMOTED = "demoted"
    ACCEPTED = "accepted"
    COHOST_MADE = "cohost_made"
    COHOST_DISMISSED = "cohost_dismissed"
    SUCCESSOR_NAMED = "successor_named"
    HANDED_OVER = "handed_over"
    CHANGED = "changed"
    """Nobody said why: found on comparing with the database."""


class RoomChanged(TypedDict):
    """What travels over the channel layer when people come, go or change."""

    type: Literal["room.changed"]
    why: dict[str, str]
    everybody: bool
    at_once: bool


class BoardChanged(TypedDict):
    """What travels when something written changes."""

    type: Literal["room.board"]


class InvitationDeclined(TypedDict):
    """What travels when somebody declines: for whoever invited them (`to`), by public ids."""

    type: Literal["room.invitation_declined"]
    to: str
    participant: str
    name: str
    invited: str


class Reacted(TypedDict):
    """What travels when people react, by emoji."""

    type: Literal["room.reacted"]
    process: str
    counts: dict[str, int]


Message = RoomChanged | BoardChanged | InvitationDeclined | Reacted


def room_group(room_id: int) -> str:
    """The group of the processes that have people in this room."""
    return f"room.{room_id}"


def room_changed(
    room: Room,
    why: Mapping[str, str] | None = None,
    *,
    everybody: bool = False,
    at_once: bool = True,
) -> None:
    """Publish after the commit; `why` names the people concerned, by public id.

    Its values are the reasons that `you.changed` gives them; empty where there is none to give.
    `everybody` is for what may change the standing of all. What changes the audience alone need not
    be seen `at_once`: it is told in batches.
    """
    message = RoomChanged(
        type="room.changed", why=dict(why or {}), everybody=everybody, at_once=at_once
    )
    transaction.on_commit(partial(_send, room_group(room.pk), message))


def board_changed(room: Room) -> None:
    """Publish after the commit that something written changed, such as a caption."""
    transaction.on_commit(partial(_send, room_group(room.pk), BoardChanged(type="room.board")))


def invitation_declined(inviter: Participant, *, by: Participant, role: str) -> None:
    """Publish after the commit, to the inviter, that somebody will not be what they were asked."""
    message = InvitationDeclined(
        type="room.invitation_declined",
        to=inviter.public_id,
        participant=by.public_id,
        name=by.name,
        invited=role,
    )
    transaction.on_commit(partial(_send, room_group(by.room_id), message))


async def reacted(room_id: int, process: str, counts: Mapping[str, int]) -> None:
    """Tell the other processes how often people in this one reacted, by emoji.

    `process` names the sender, which hears the message as well.
    """
    message = Reacted(type="room.reacted", process=process, counts=dict(counts))
    try:
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        await layer.group_send(room_group(room_id), dict(message))
    except Exception as error:  # each layer raises its own; reactions are not worth more
        logger.warning("Room %s: reactions stay in this process: %r", room_id, error)


def _send(group: str, message: Message) -> None:
    try:
        async_to_sync(channel_layers[DEFAULT_CHANNEL_LAYER].group_send)(group, dict(message))
    except Exception as error:  # each layer raises its own; the change itself is committed
        logger.warning("%s was not told of a change, it will see it by itself: %r", group, error)
