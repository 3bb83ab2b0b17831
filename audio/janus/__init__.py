"""Janus as an engine: `AudioEngine` over any number of Janus gateways."""
