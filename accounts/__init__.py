"""People: user and profile, follows, blocks, suspensions, and the beta programme."""
