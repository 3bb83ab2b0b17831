"""Style sheets, scripts and pictures of the pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import AsyncClient, Client

ROOT = Path(__file__).resolve().parents[2]


async def test_a_file_is_served() -> None:
    response = await AsyncClient().get("/static/js/room/wire.js")
    assert response.status_code == 200
    assert "javascript" in response["Content-Type"]


@pytest.mark.parametrize("debug", [True, False])
async def test_a_file_that_is_not_there_is_a_404(
    settings: pytest.FixtureRequest, debug: bool
) -> None:
    settings.DEBUG = debug  # type: ignore[attr-defined]
    response = await AsyncClient().get("/static/nothing.css")
    assert response.status_code == 404


def test_a_browser_that_asks_for_the_usual_icon_finds_ours(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/img/favicon.svg"


def test_in_production_modules_import_each_other_by_hashed_names(tmp_path: Path) -> None:
    target = tmp_path / "static"
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path / "var"),
        "STATIC_ROOT": str(target),
        "DEBUG": "off",
        "SECRET_KEY": "only for this test",
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    (main,) = (path for path in target.glob("js/room/main.*.js") if len(path.suffixes) == 2)
    imports = [line for line in main.read_text().splitlines() if line.startswith("import")]
    assert imports
    for line in imports:
        name = line.split('"')[1]
        assert (main.parent / name).resolve().is_file()
        assert name.count(".") >= 3, f"{name} is not hashed"
