"""What an installation of OpenClaw keeps in its folders, read as OpenClaw reads it, without starting it."""
