"""The server side of DTLS-SRTP (RFC 5763, 5764) over a transport somebody else moves.

An OpenSSL connection costs about 90 KiB and is needed for a few round trips only. So when the
handshake is done its keys are exported, the last flight (in case it is lost on the way) and the
close_notify alert (for the day we hang up) are kept as bytes, and the connection is freed.
"""

import contextlib
import datetime
import secrets
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from audio.srtp import PROFILES, Keys, server_keys

_MTU = 1200
_CHUNK = 4096  # bytes read from OpenSSL at once, more than most flights have
_MAX_STARTS = 8  # of one handshake; each costs a signature, about a millisecond
_MAX_REPEATS = 16  # clients ask less often, with growing pauses
_RECORD_HEADER = 13
_CHANGE_CIPHER_SPEC, _HANDSHAKE = 20, 22
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


class BadDtls(ValueError):
    """The datagram or the handshake is broken; `reason` names it for the counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _accept_any(*_: object) -> bool:
    """WebRTC certificates are self-signed; the fingerprint in the SDP is what counts."""
    return True


class Identity:
    """This process's key and self-signed certificate, and the DTLS settings around them."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key)
        self.fingerprint = fingerprint(certificate, "sha-256")
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
        self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_any)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))


@dataclass(slots=True)
class Handshake:
    """One participant's handshake: datagrams in, datagrams out, keys at the end."""

    identity: Identity
    fingerprints: frozenset[tuple[str, str]]
    """The certificate must match one of these (hash name, hexadecimal with colons)."""
    keys: Keys | None = None
    _connection: SSL.Connection | None = None
    _last_flight: list[bytes] = field(default_factory=list)
    _goodbye: list[bytes] = field(default_factory=list)
    _starts: int = 0
    _repeats: int = 0

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram, return those to send; raises `BadDtls`."""
        kinds = [record[0] for record in split_records(datagram)]
        if self.keys is not None:
            # Only a client that missed our last flight sends handshake records now.
            wanted = _HANDSHAKE in kinds or _CHANGE_CIPHER_SPEC in kinds
            return self._repeat() if wanted else []
        connection = self._connection = self._connection or self._start()
        return self._advance(connection, datagram)

    def retransmit(self) -> list[bytes]:
        """What is due again because nothing came back; call this a few times a second."""
        if self._connection is None or self._connection.DTLSv1_get_timeout() != 0:
            return []
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._connection = None
            return []
        return flight(self._connection)

    def close(self) -> list[bytes]:
        """The datagrams that tell the client we hung up (close_notify)."""
        self._connection = None
        return self._goodbye

    def _repeat(self) -> list[bytes]:
        """The last flight once more, but not for ever: what asks for it may be forged."""
        self._repeats += 1
        if self._repeats > _MAX_REPEATS:
            self._last_flight = []
        return self._last_flight

    def _start(self) -> SSL.Connection:
        self._starts += 1
        if self._starts > _MAX_STARTS:
            raise BadDtls("too_many_handshakes")
        connection = SSL.Connection(self.identity.context, None)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(_MTU)
        return connection

    def _advance(self, connection: SSL.Connection, datagram: bytes) -> list[bytes]:
        try:
            connection.bio_write(datagram)
            connection.do_handshake()
        except SSL.WantReadError:
            return flight(connection)
        except SSL.Error as error:
            # Forget it all: a new ClientHello may start over.
            self._connection = None
            raise BadDtls("bad_dtls") from error
        self._connection = None
        self._finish(connection)
        return self._last_flight

    def _finish(self, connection: SSL.Connection) -> None:
        self._last_flight = flight(connection)
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not matches(certificate, self.fingerprints):
            raise BadDtls("bad_fingerprint")
        name = connection.get_selected_srtp_profile()
        profile = next((profile for profile in PROFILES if profile.name == name), None)
        if profile is None:
            raise BadDtls("no_srtp_profile")
        exported = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.exported_size)
        self.keys = server_keys(profile, exported)
        connection.shutdown()
        self._goodbye = flight(connection)


def fingerprint(certificate: x509.Certificate, name: str) -> str:
    """A certificate's fingerprint as SDP writes it (RFC 8122, 5)."""
    return certificate.fingerprint(_HASHES[name]).hex(":").upper()


def matches(certificate: x509.Certificate, fingerprints: frozenset[tuple[str, str]]) -> bool:
    """Whether the certificate has one of the fingerprints."""
    return any(fingerprint(certificate, name) == digest for name, digest in fingerprints)


def split_records(datagram: bytes) -> list[bytes]:
    """The DTLS records in a datagram or flight (RFC 6347, 4.1); raises `BadDtls`."""
    records = []
    at = 0
    while at < len(datagram):
        size = _RECORD_HEADER + int.from_bytes(datagram[at + 11 : at + 13], "big")
        record = datagram[at : at + size]
        if len(record) < max(size, _RECORD_HEADER):
            raise BadDtls("truncated_dtls")
        records.append(record)
        at += size
    return records


def flight(connection: SSL.Connection) -> list[bytes]:
    """The datagrams OpenSSL wants to send. Its BIO runs records together: cut at their borders."""
    waiting = b""
    with contextlib.suppress(SSL.WantReadError):  # nothing more
        while len(chunk := connection.bio_read(_CHUNK)) == _CHUNK:
            waiting += chunk
        waiting += chunk
    datagrams: list[bytes] = []
    for record in split_records(waiting):
        if datagrams and len(datagrams[-1]) + len(record) <= _MTU:
            datagrams[-1] += record
        else:
            datagrams.append(record)
    return datagrams


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
    now = datetime.datetime.now(tz=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
