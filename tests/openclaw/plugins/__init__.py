"""The plugins that we say OpenClaw has, held against what OpenClaw itself says."""
