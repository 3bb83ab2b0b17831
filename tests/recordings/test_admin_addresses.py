"""Whatever the address of a list in the admin asks for, nobody sees a fault of ours."""

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import DateTimeField
from django.test import Client
from django.urls import reverse

from tests.conftest import person

MODELS = [model._meta for model in admin.site._registry]
NONSENSE = ["99999999999", "-1", "x", "2026-99-99"]


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.label_lower)
def test_a_list_is_shown_without_the_nonsense_its_address_asks_for(
    model: Any, client: Client
) -> None:
    client.force_login(person("root", is_staff=True, is_superuser=True))
    page = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    dates = [field.name for field in model.fields if isinstance(field, DateTimeField)]
    for value in NONSENSE:
        for name in ("p", *(f"{date}__year" for date in dates)):
            status = client.get(page, {name: value}, follow=True).status_code
            assert status in (200, 400), f"{name}={value}"
