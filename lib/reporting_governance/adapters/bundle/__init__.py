"""Writing one bundle: the container, and a person's signature on it."""
