"""Those who sign heads of the log: a key in a file, or a program that has the key."""
