"""Other programs' languages: task sources, senders, hosts."""
