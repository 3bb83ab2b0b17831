"""Offers as browsers write them."""

FINGERPRINT = ":".join(["AB"] * 32)

CHROMIUM = "\r\n".join(
    [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2113937151 4f2c7ab0-6f1e-4cf5-9d4f-0b7b0f6f1d4e.local 51234 typ host",
        "a=end-of-candidates",
        "a=ice-ufrag:Xq3+",
        "a=ice-pwd:hO/4mXdkZtTq7xIyyXc7lAbc",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:0",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=sendrecv",
        "a=msid:- 5d1c",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111",
        "a=rtpmap:0 PCMU/8000",
        "",
    ]
)

FIREFOX = "\r\n".join(
    [
        "v=0",
        "o=mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=fingerprint:sha-256 {FINGERPRINT.lower()}",
        "a=group:BUNDLE audio-1",
        "a=ice-options:trickle",
        "a=msid-semantic:WMS *",
        "m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101",
        "c=IN IP4 0.0.0.0",
        "a=sendrecv",
        "a=end-of-candidates",
        "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1",
        "a=ice-pwd:0123456789abcdef0123456789abcdef",
        "a=ice-ufrag:8d1f2b3c",
        "a=mid:audio-1",
        "a=rtcp-mux",
        "a=rtpmap:109 opus/48000/2",
        "a=setup:actpass",
        "",
    ]
)

VIDEO_SECTION = "\r\n".join(
    [
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:Xq3+",
        "a=ice-pwd:hO/4mXdkZtTq7xIyyXc7lAbc",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:1",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "",
    ]
)

_SESSION, _AUDIO = CHROMIUM.split("m=audio", 1)

VIDEO_ONLY = _SESSION.replace("BUNDLE 0", "BUNDLE 1") + VIDEO_SECTION
AUDIO_AND_VIDEO = CHROMIUM.replace("BUNDLE 0", "BUNDLE 0 1") + VIDEO_SECTION
VIDEO_AND_AUDIO = _SESSION.replace("BUNDLE 0", "BUNDLE 1 0") + VIDEO_SECTION + "m=audio" + _AUDIO
