"""Running jobs of our own on this host: processes, locks, logs."""
