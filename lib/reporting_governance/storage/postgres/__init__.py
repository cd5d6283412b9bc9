"""The back end that many hosts share: the same log and views, in PostgreSQL."""
