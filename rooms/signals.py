"""What other apps may want to know of a room."""

from django.dispatch import Signal

room_ended = Signal()
"""Sent after the commit, once per room, with `room_id`."""
