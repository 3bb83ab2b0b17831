"""What is written in a room. A part of `rooms.models`, from where it is imported."""

from django.db import models


class Caption(models.Model):
    """One line of what somebody is saying, for the pages of those who are there.

    The last lines only, and only while the Space is live: a transcript that lasts is not kept
    here. The ids of a room's lines grow in the order in which they are shown.
    """

    room = models.ForeignKey("rooms.Room", models.CASCADE, related_name="captions")
    participant = models.ForeignKey("rooms.Participant", models.CASCADE, related_name="captions")
    text = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["room", "id"], name="captions_in_order")]

    def __str__(self) -> str:
        return self.text
