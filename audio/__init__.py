"""The media engine: WebRTC in, mix, WebRTC out, recording to disk. Imports no Django."""
