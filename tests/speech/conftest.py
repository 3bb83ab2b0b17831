"""The real model, which `make test` fetches."""

import pytest

from speech.recogniser import Recogniser
from tests.speech.model import FOLDER


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """As captions use it."""
    return Recogniser(FOLDER, beams=1)
