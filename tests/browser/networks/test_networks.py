"""Browsers on networks that block, change, or speak IPv6 alone."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import BringIn, chromium
from tests.browser.networks.elsewhere import Elsewhere
from tests.browser.networks.turn import running_turn
from tests.browser.person import Person
from tests.browser.service import Service
from tests.browser.test_a_live_space import SPEAKER, bring_on_stage

# What the page's connection uses: protocol and address family of the server's candidate.
_WAY = """async () => {
    const stats = [...(await window.peer.getStats()).values()];
    const transport = stats.find((entry) => entry.type === "transport");
    const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId);
    const remote = stats.find((entry) => entry.id === pair.remoteCandidateId);
    return `${remote.protocol} ${remote.address.includes(":") ? "IPv6" : "IPv4"}`;
}"""


# What the page's connection leaves its device by.
_LOCAL = """async () => {
    const stats = [...(await window.peer.getStats()).values()];
    const transport = stats.find((entry) => entry.type === "transport");
    const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId);
    const local = stats.find((entry) => entry.id === pair.localCandidateId);
    return `${local.candidateType} ${local.relayProtocol}`;
}"""


async def two_people(
    bring_in: BringIn, elsewhere: Elsewhere, tone_a: Path, tone_b: Path
) -> tuple[Person, Person]:
    """The host here, and a speaker on the other device; each hears the other's tone."""
    host = await bring_in("host", microphone=tone_a)
    speaker = await bring_in("speaker", microphone=tone_b, executable=elsewhere.program(chromium()))
    space = await host.start_a_space("Elsewhere")
    await host.join(space)
    await speaker.join(space)
    await host.open_microphone()
    await speaker.hears("A")
    await bring_on_stage(speaker, host)
    await host.hears("B")
    return host, speaker


async def way_of(person: Person) -> str:
    return str(await person.page.evaluate(_WAY))


async def test_where_udp_is_blocked_people_talk_over_tcp(
    bring_in: BringIn, elsewhere: Elsewhere, tone_a: Path, tone_b: Path
) -> None:
    elsewhere.block("meta l4proto udp")
    host, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
    assert elsewhere.blocked() > 0
    assert (await way_of(speaker)).startswith("tcp")
    assert (await way_of(host)).startswith("udp")


async def test_where_only_ipv6_is_left_for_sound_people_talk_over_it(
    bring_in: BringIn, elsewhere: Elsewhere, service: Service, tone_a: Path, tone_b: Path
) -> None:
    port = service.environment["AUDIO_PORT"]
    elsewhere.block("ip protocol udp", f"tcp dport {port}")
    _, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
    assert await way_of(speaker) == "udp IPv6"


async def test_where_the_port_is_blocked_altogether_a_turn_server_relays(
    bring_in: BringIn,
    elsewhere: Elsewhere,
    service: Service,
    turn_port: int,
    tone_a: Path,
    tone_b: Path,
    tmp_path: Path,
) -> None:
    port = service.environment["AUDIO_PORT"]
    elsewhere.block("meta l4proto udp", f"tcp dport {port}")
    with running_turn(tmp_path, elsewhere.server, turn_port) as log:
        _, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
        assert await speaker.page.evaluate(_LOCAL) == "relay tcp"
        assert "ALLOCATE processed, success" in log.read_text()


async def test_a_speaker_who_leaves_the_wifi_goes_on_speaking(
    bring_in: BringIn, elsewhere: Elsewhere, tone_a: Path, tone_b: Path
) -> None:
    host, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
    elsewhere.lose("wifi")
    await speaker.is_connected("reconnecting")
    await speaker.is_connected("live")
    await host.hears("B")
    await speaker.hears("A")
    await host.sees(SPEAKER, role="speaker", muted="false")


async def test_a_page_that_is_loaded_again_elsewhere_replaces_itself_without_asking(
    bring_in: BringIn, elsewhere: Elsewhere
) -> None:
    host = await bring_in("host")
    listener = await bring_in("listener", executable=elsewhere.program(chromium()))
    space = await host.start_a_space("Loaded again")
    await listener.join(space)
    elsewhere.lose("wifi")  # takes along the goodbye of the page
    await listener.page.reload()
    await listener.join(space)


async def test_a_page_that_hears_nothing_says_so_until_it_hears_again(
    bring_in: BringIn, elsewhere: Elsewhere, service: Service, tone_a: Path, tone_b: Path
) -> None:
    _, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
    port = service.environment["AUDIO_PORT"]
    # The browser still calls its connection connected: only the way back is gone.
    elsewhere.block(f"udp sport {port}", f"tcp sport {port}", hook="input")
    await speaker.is_connected("reconnecting")
    await expect(speaker.page.locator("[data-banner]")).to_contain_text("No sound right now")
    elsewhere.unblock()
    await speaker.is_connected("live")
    await speaker.hears("A")


async def test_a_weak_connection_is_called_one_while_it_lasts(
    bring_in: BringIn, elsewhere: Elsewhere, service: Service, tone_a: Path, tone_b: Path
) -> None:
    _, speaker = await two_people(bring_in, elsewhere, tone_a, tone_b)
    hint = speaker.page.get_by_text("Your connection is weak")
    await expect(hint).to_have_count(0)
    port = service.environment["AUDIO_PORT"]
    elsewhere.block(f"udp sport {port} numgen random mod 100 < 25", hook="input")
    await expect(hint).to_be_visible()
    await speaker.is_connected("live")
    elsewhere.unblock()
    await expect(hint).to_have_count(0)
