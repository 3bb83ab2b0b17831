"""The room itself: who is in it, who may speak, and the signalling that keeps pages in step."""
