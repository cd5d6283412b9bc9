"""What runtimes really do, tried out: real programs, a scratch state folder, peers on loopback."""
