"""What a stranger needs to check a log: the standard library only, and nothing of ours but this room.

The modules of this room are also handed out joined into one file, so every name at the top of a module is the only one
of its kind in the room, and what Python before 3.11 cannot read stands nowhere in it.
"""
