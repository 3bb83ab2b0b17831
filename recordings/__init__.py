"""What was recorded: archive, downloads, retention and purge."""
