"""No byte of a bundle means nothing: whichever is flipped, the verifier fails.

Of every file: its header in the archive byte by byte, its content at the begin, at the end and in between; of the
archive: the whole directory and its end.
"""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.world import Bundle, World, asked

_HEADER_BYTES = 30
_MASKS = (0x01, 0x20, 0x80)
_PLACES_IN_A_FILE = 4


def flipped(path: str, target: Path, places: Iterator[int]) -> Iterator[tuple[int, str]]:
    """Yield copies of a file, each with one byte flipped; the copy is the same file each time."""
    data = bytearray(Path(path).read_bytes())
    target.write_bytes(data)
    with open(target, "r+b") as file:
        for number, place in enumerate(places):
            file.seek(place)
            file.write(bytes([data[place] ^ _MASKS[number % len(_MASKS)]]))
            file.flush()
            yield place, str(target)
            file.seek(place)
            file.write(bytes([data[place]]))
            file.flush()


def headers(path: str) -> Iterator[int]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            yield from range(info.header_offset, info.header_offset + _HEADER_BYTES + len(info.filename))


def contents(path: str) -> Iterator[int]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            begin = info.header_offset + _HEADER_BYTES + len(info.filename)
            step = max(1, info.file_size // _PLACES_IN_A_FILE)
            yield from range(begin, begin + info.file_size, step)
            if info.file_size:
                yield begin + info.file_size - 1


def directory(path: str) -> Iterator[int]:
    with zipfile.ZipFile(path) as archive:
        yield from range(archive.start_dir, os.stat(path).st_size)


@pytest.mark.parametrize("places", [headers, directory])
def test_a_flipped_byte_of_the_archive(signed_path: str, untouched: World, tmp_path: Path, places: object) -> None:
    count = 0
    for place, path in flipped(signed_path, tmp_path / "flipped.zip", places(signed_path)):  # type: ignore[operator]
        answer = asked(path, require="authenticity", keys=[untouched.vkey], both=False)
        assert answer.code == 1, place
        assert answer.codes & {
            "archive-damaged",
            "archive-name",
            "archive-kind",
            "archive-hidden-bytes",
            "archive-size",
        }
        count += 1
    assert count > 1000


def test_a_flipped_byte_of_a_file(signed_path: str, untouched: World, tmp_path: Path) -> None:
    for place, path in flipped(signed_path, tmp_path / "flipped.zip", contents(signed_path)):
        assert asked(path, require="authenticity", keys=[untouched.vkey], both=False).code == 1, place


def test_a_flipped_byte_of_an_unpacked_file(signed_path: str, untouched: World, tmp_path: Path) -> None:
    """Here no checksum of an archive helps: the bundle's own lists and signatures must see it."""
    bundle = Bundle.of(signed_path)
    root = bundle.unpacked(tmp_path)
    assert asked(root, require="authenticity", keys=[untouched.vkey], both=False).code == 0
    for number, (name, data) in enumerate(sorted(bundle.files.items())):
        path = Path(root, name)
        for place in {0, len(data) // 2, len(data) - 1} if data else set():
            changed = bytearray(data)
            changed[place] ^= _MASKS[number % len(_MASKS)]
            path.write_bytes(changed)
            assert asked(root, require="authenticity", keys=[untouched.vkey], both=False).code == 1, (name, place)
        path.write_bytes(data)


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, -1, -22, -23, -100])
def test_a_cut_archive(signed_path: str, untouched: World, tmp_path: Path, length: int) -> None:
    data = Path(signed_path).read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[:length])
    answer = asked(str(tmp_path / "cut.zip"), require="authenticity", keys=[untouched.vkey], both=False)
    assert answer.code == 1
    assert answer.codes & {"archive-damaged", "archive-hidden-bytes"}
