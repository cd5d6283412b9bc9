"""The `openclaw` host: what its plugin in `integrations/openclaw` hands over, and what it understands."""
