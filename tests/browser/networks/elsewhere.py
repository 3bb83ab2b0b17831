"""Another device on networks of its own: a network namespace with links to this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_TOOLS = {"ip": "iproute2", "nft": "nftables"}


@dataclass(frozen=True)
class Elsewhere:
    """The device; `server` is where it reaches this machine, over either of its links."""

    name: str
    server: str
    server6: str
    folder: Path

    def run(self, *command: str) -> str:
        """Run a command on the device and return what it printed."""
        return _run("ip", "netns", "exec", self.name, *command)

    def program(self, path: str) -> str:
        """A program that runs on the device."""
        wrapper = self.folder / f"{Path(path).name}-elsewhere"
        wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {path} "$@"\n')
        wrapper.chmod(0o755)
        return str(wrapper)

    def block(self, *rules: str, hook: str = "output") -> None:
        """Let nothing out, or in (`input`), that fits one of these nftables rules."""
        self.run("nft", "add table inet wall")
        chain = f"{{ type filter hook {hook} priority 0; policy accept; }}"
        self.run("nft", f"add chain inet wall {hook} {chain}")
        for rule in rules:
            self.run("nft", f"add rule inet wall {hook} {rule} counter drop")

    def unblock(self) -> None:
        """Take all the rules back."""
        self.run("nft", "delete table inet wall")

    def blocked(self) -> int:
        """How many packets the rules have kept in."""
        words = self.run("nft", "list", "table", "inet", "wall").split()
        return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")

    def lose(self, link: str) -> None:
        """One of the links, `wifi` or `mobile`, goes away, and with it the address it gave."""
        self.run("ip", "link", "set", link, "down")
        self.run("ip", "address", "flush", "dev", link)

    def connect(self) -> None:
        """Both links are there, each with its address; where both lead, `wifi` is taken."""
        number = self.server.split(".")[2]
        for second, link, metric in ((18, "wifi", "100"), (19, "mobile", "200")):
            net = f"198.{second}.{number}"
            _run("ip", "-n", self.name, "link", "set", link, "up")
            _run("ip", "-n", self.name, "address", "replace", f"{net}.2/30", "dev", link)
            way = ["default", "via", f"{net}.1", "dev", link, "metric", metric]
            _run("ip", "-n", self.name, "route", "replace", *way)
        ours = self.server6.removesuffix("1")
        _run("ip", "-n", self.name, "address", "replace", f"{ours}2/64", "dev", "wifi", "nodad")

    def mend(self) -> None:
        """Everything as it was in the beginning."""
        self.run("nft", "flush", "ruleset")
        self.connect()


@contextmanager
def a_device(folder: Path) -> Iterator[Elsewhere]:
    """A device with a `wifi` it prefers and a `mobile` link, and nothing in its way.

    Fails with a word on what is missing where this machine cannot make one.
    """
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool)]
    if missing or os.geteuid() != 0:
        pytest.fail(
            "These tests need root on Linux, and the commands of iproute2 and nftables"
            f" (missing: {', '.join(missing) or 'only root'}). `make test` leaves them out where"
            " they cannot run, and says so."
        )
    number = os.getpid() % 250
    name = f"spaces{os.getpid()}"
    server = f"198.18.{number}.1"
    prefix6 = f"fd53:7061:6365:{number:x}"
    _run("ip", "netns", "add", name)
    try:
        for second, link in ((18, "wifi"), (19, "mobile")):
            net = f"198.{second}.{number}"
            ours = f"{name}{link[0]}"
            _run("ip", "link", "add", ours, "type", "veth", "peer", link, "netns", name)
            _run("ip", "address", "add", f"{net}.1/30", "dev", ours)
            _run("ip", "link", "set", ours, "up")
            # Whatever link it uses, this machine answers from the one address it is known by.
            back = [f"{net}.0/30", "dev", ours, "src", server]
            _run("ip", "route", "replace", *back)
        _run("ip", "address", "add", f"{prefix6}::1/64", "dev", f"{name}w", "nodad")
        _run("ip", "-n", name, "link", "set", "lo", "up")
        device = Elsewhere(name, server, f"{prefix6}::1", folder)
        device.connect()
        yield device
    finally:
        for link in "wm":
            _run("ip", "link", "delete", f"{name}{link}")
        _run("ip", "netns", "delete", name)


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
