"""The `claude-code` host: its transcripts, read and never written."""
