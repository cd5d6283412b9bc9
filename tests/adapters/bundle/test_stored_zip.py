"""The zip writer beside Python's own: the same bytes, and files that Python and others read."""

import io
import zipfile
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.adapters.bundle.stored_zip import ChangedMeanwhile, StoredZip

NAMES = st.from_regex(r"[a-z0-9._-]{1,12}(/[a-z0-9._-]{1,12}){0,2}", fullmatch=True)


def ours(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    container = StoredZip(target.write)  # type: ignore[arg-type]
    for name, data in files.items():
        container.add(name, len(data), crc32(data), (data[:3], data[3:]))
    container.end()
    return target.getvalue()


def theirs(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return target.getvalue()


@given(files=st.dictionaries(NAMES, st.binary(max_size=60), max_size=6))
def test_the_same_bytes_as_another_writer(files: dict[str, bytes]) -> None:
    assert ours(files) == theirs(files)


@pytest.mark.parametrize(("size", "checksum"), [(4, crc32(b"abc")), (2, crc32(b"abc")), (3, crc32(b"abd"))])
def test_content_that_is_not_what_was_announced_is_refused(size: int, checksum: int) -> None:
    container = StoredZip(lambda _data: None)
    with pytest.raises(ChangedMeanwhile, match="a/b"):
        container.add("a/b", size, checksum, (b"abc",))


def test_more_files_than_the_old_form_can_count() -> None:
    names = [f"t/{number:06d}" for number in range(0x10000)]
    with zipfile.ZipFile(io.BytesIO(ours(dict.fromkeys(names, b"")))) as archive:
        assert archive.namelist() == names
    with zipfile.ZipFile(io.BytesIO(ours(dict.fromkeys(names[:0xFFFE], b"")))) as archive:
        assert len(archive.namelist()) == 0xFFFE


def test_larger_files_than_the_old_form_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    hole = bytes(1 << 20)
    checksum = 0
    for _ in range(4097):
        checksum = crc32(hole, checksum)
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            if data is hole:
                file.seek(len(hole), 1)
            else:
                file.write(data)

        container = StoredZip(write)
        container.add("first", 3, crc32(b"abc"), (b"abc",))
        container.add("large", 4097 << 20, checksum, (hole for _ in range(4097)))
        container.add("last", 3, crc32(b"xyz"), (b"xyz",))
        container.end()
    with zipfile.ZipFile(path) as archive:
        assert [each.file_size for each in archive.infolist()] == [3, 4097 << 20, 3]
        assert archive.infolist()[2].header_offset > 1 << 32
        assert (archive.read("first"), archive.read("last")) == (b"abc", b"xyz")
        with archive.open("large") as large:
            assert large.read(5) == bytes(5)
