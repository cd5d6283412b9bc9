"""The `openclaw` task source: OpenClaw's own records of its tasks, read and never written."""
