"""Sessions of Claude Code as tasks, from the transcripts it keeps."""
