"""Where an anchor lies, as the file system sees it: the profile was checked as a text, and links may lead elsewhere."""

import os


def place_problem(folder: str, state_folder: str) -> str:
    """Return why nothing in a folder is an anchor of this state, empty when something may be."""
    found, state = os.path.realpath(folder), os.path.realpath(state_folder)
    return "it lies inside the state folder, so it is no anchor" if os.path.commonpath((found, state)) == state else ""
