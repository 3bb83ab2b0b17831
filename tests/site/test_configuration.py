"""Configuration comes from the environment; what cannot be understood stops the start."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from spaces_site import env, secret_key

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("value", "meant"), [("on", True), ("Yes", True), ("0", False), ("", True)]
)
def test_a_boolean_is_understood(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv("SWITCH", value)
    assert env.boolean("SWITCH", default=True) is meant


def test_a_typo_in_a_boolean_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "ture")
    with pytest.raises(ImproperlyConfigured, match="DEBUG='ture': say on or off"):
        env.boolean("DEBUG", default=True)


@pytest.mark.parametrize("value", ["ten", "0", "70000", "1e3"])
def test_a_port_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(ImproperlyConfigured, match="PORT"):
        env.port("PORT", default=8000)


def test_a_host_name_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_ADDRESS", "192.0.2.1, example.org")
    with pytest.raises(ImproperlyConfigured, match=r"'example\.org' is not an IP address"):
        env.public_addresses("PUBLIC_ADDRESS")


def test_public_addresses_are_of_both_families_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_ADDRESS", "192.0.2.1, 2001:DB8:0::1, 192.0.2.1")
    assert env.public_addresses("PUBLIC_ADDRESS") == ["192.0.2.1", "2001:db8::1"]


@pytest.mark.parametrize("value", ["0.0.0.0", "::", "224.0.0.1", "fe80::1"])  # noqa: S104
def test_an_address_nobody_can_send_to_is_not_public(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PUBLIC_ADDRESS", value)
    with pytest.raises(ImproperlyConfigured, match="nobody can send to"):
        env.public_addresses("PUBLIC_ADDRESS")


def test_turn_servers_are_named_as_browsers_take_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "turn:turn.example.org, turns:[2001:db8::1]:443?transport=tcp"
    monkeypatch.setenv("TURN_URLS", given)
    assert env.turn_urls("TURN_URLS") == given.split(", ")


@pytest.mark.parametrize(
    "value", ["turn.example.org", "turn://turn.example.org", "stun:a", "turn:a?transport=sctp"]
)
def test_what_browsers_do_not_take_as_a_turn_server_is_an_error(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TURN_URLS", value)
    with pytest.raises(ImproperlyConfigured, match="TURN_URLS"):
        env.turn_urls("TURN_URLS")


def test_the_secret_of_a_machine_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = secret_key.of_this_machine(tmp_path)
    assert len(key) >= 50
    assert secret_key.of_this_machine(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"DEBUG": "off"}, "SECRET_KEY must be set when DEBUG is off"),
        ({"DEBUG": "maybe"}, "DEBUG='maybe': say on or off"),
        ({"TURN_URLS": "turn:turn.example.org"}, "TURN_URLS and TURN_SECRET need each other"),
        ({"SPEAKER_LIMIT": "0"}, "SPEAKER_LIMIT=0 is not between 1 and 100"),
        ({"RETENTION_DAYS": "60", "RETENTION_DAYS_FLAGGED": "50"}, "RETENTION_DAYS_FLAGGED=50"),
    ],
)
def test_a_service_that_is_configured_wrongly_refuses_to_start(
    tmp_path: Path, given: dict[str, str], complaint: str
) -> None:
    done = manage(tmp_path, given, "check")
    assert done.returncode != 0
    assert complaint in done.stderr


PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "".join(map(chr, range(48, 123))),
    "SITE_URL": "https://spaces.example",
    "ALLOWED_HOSTS": "spaces.example",
}


def test_a_service_on_https_passes_the_checks_of_a_deployment(tmp_path: Path) -> None:
    done = manage(tmp_path, PRODUCTION, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_behind_a_proxy_people_are_told_apart_by_their_own_addresses(tmp_path: Path) -> None:
    given = {"direct": {}, "proxied": PRODUCTION, "twice": PRODUCTION | {"TRUSTED_PROXIES": "2"}}
    show = "from django.conf import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"
    counts = {
        name: manage(tmp_path, environment, "shell", "--no-imports", "--command", show).stdout
        for name, environment in given.items()
    }
    assert counts == {"direct": "0\n", "proxied": "1\n", "twice": "2\n"}


def manage(
    folder: Path, given: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a management command in an environment that holds no more than what is given."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(folder)} | given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_variable_is_described_and_no_other() -> None:
    read = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "spaces_site/settings.py").read_text())
    table = (ROOT / "docs/architecture.md").read_text().split("\n## Settings\n")[1]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    of_the_procfile = ["BIND"]
    assert sorted(described) == sorted({*read, *of_the_procfile})


def test_a_choice_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.choice("AUDIO_ENGINE", ("embedded", "janus")) == "embedded"
    monkeypatch.setenv("AUDIO_ENGINE", "Janus")
    with pytest.raises(ImproperlyConfigured, match="say embedded or janus"):
        env.choice("AUDIO_ENGINE", ("embedded", "janus"))


@pytest.mark.parametrize("value", ["janus.example.org", "http://one", "ws://one, wss://"])
def test_a_gateway_that_is_no_websocket_is_an_error(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("JANUS_EDGE_URLS", value)
    with pytest.raises(ImproperlyConfigured, match="JANUS_EDGE_URLS"):
        env.websocket_urls("JANUS_EDGE_URLS")


def test_janus_without_an_address_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import spaces_site.settings"],
        env=os.environ | {"AUDIO_ENGINE": "janus", "JANUS_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AUDIO_ENGINE=janus needs JANUS_URL" in done.stderr


def test_a_speech_model_is_a_size_or_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.speech_model("SPEECH_MODEL") == "base"
    monkeypatch.setenv("SPEECH_MODEL", "bsae")
    with pytest.raises(ImproperlyConfigured, match="SPEECH_MODEL='bsae': say base"):
        env.speech_model("SPEECH_MODEL")
