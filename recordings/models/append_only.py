"""Rows that are written once: neither changed nor deleted by themselves."""

from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete what is written once."""


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Refuses everything but creating and reading."""

    def update(self, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("what is written once is never changed")

    def bulk_update(self, *args: object, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("what is written once is never changed")

    def delete(self) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("what is written once is never deleted")


class AppendOnly(models.Model):
    """Goes only with what it belongs to, if it belongs to anything."""

    objects: ClassVar[models.Manager[Self]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        # Nobody can be given the permission to add, change or delete one.
        default_permissions = ("view",)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a second save of the same row is refused."""
        if not self._state.adding:
            raise AppendOnlyError("what is written once is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("what is written once is never deleted")
