"""Senders: one file each."""
