"""Nouns: what each record is.  Imports nothing of ours but `errors`."""
