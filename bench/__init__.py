"""A load client of our own, and the comparison of the engine with Janus (`make bench`)."""
