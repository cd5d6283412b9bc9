"""What an archive or a folder can hide: links, names that lead away, bytes that belong to nothing, bombs."""

import io
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from struct import pack, unpack
from zlib import crc32

import pytest

from tests.audit.world import Bundle, World, asked


def ask(path: str | Path, world: World) -> tuple[int, set[str]]:
    answer = asked(str(path), keys=[world.vkey], anchors=(world.late_mail,))
    return answer.code, answer.codes


def repacked(
    bundle: Bundle, target: Path, change: Callable[[zipfile.ZipInfo], None] | None = None, **extra: bytes
) -> str:
    """Write the files as Python's own zip writer does, each entry changed first."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted({*bundle.files, *extra}):
            info = zipfile.ZipInfo(f"{bundle.top}/{name}", (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            if change is not None:
                change(info)
            archive.writestr(info, extra.get(name, bundle.files.get(name, b"")), info.compress_type)
    return str(target)


def test_another_writer_of_the_one_form_is_as_good(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    path = repacked(honest, tmp_path / "same.zip")
    assert ask(path, untouched) == (0, set())
    assert Path(path).read_bytes() == Path(honest.packed(tmp_path / "ours.zip")).read_bytes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda info: setattr(info, "compress_type", zipfile.ZIP_DEFLATED), "archive-kind"),
        (lambda info: setattr(info, "external_attr", 0o120777 << 16), "archive-kind"),
        (lambda info: setattr(info, "external_attr", 0o100755 << 16), "archive-kind"),
        (lambda info: setattr(info, "date_time", (2026, 1, 1, 0, 0, 0)), "archive-damaged"),
        (lambda info: setattr(info, "create_system", 0), "archive-damaged"),
        (lambda info: setattr(info, "comment", b"hello"), "archive-hidden-bytes"),
        (lambda info: setattr(info, "extra", b"\x99\x99\x04\x00abcd"), "archive-hidden-bytes"),
        (lambda info: setattr(info, "filename", info.filename.replace("/", "/../")), "archive-name"),
        (lambda info: setattr(info, "filename", "/" + info.filename), "archive-name"),
        (lambda info: setattr(info, "filename", info.filename + "/"), "archive-name"),
        (lambda info: setattr(info, "filename", info.filename.replace("README.txt", "ré")), "archive-name"),
        (lambda info: setattr(info, "filename", info.filename.replace("README.txt", "a\\b")), "archive-name"),
        (lambda info: setattr(info, "filename", info.filename.replace("README.txt", "a\x01b")), "archive-name"),
        (lambda info: setattr(info, "filename", info.filename.replace("README.txt", "x" * 300)), "archive-name"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_of_the_one_form(
    honest: Bundle, untouched: World, tmp_path: Path, change: Callable[[zipfile.ZipInfo], None], code: str
) -> None:
    assert ask(repacked(honest, tmp_path / "other.zip", change), untouched) == (1, {code})


def test_packed_bombs_are_not_opened(untouched: World, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("top/data/log/000000000001.jsonl", b"0" * (64 << 20))
    assert ask(tmp_path / "bomb.zip", untouched) == (1, {"archive-kind"})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("data/readme.TXT", "archive-name"),  # one of the two wins on a disk that does not tell letters apart
        ("data/extra.txt", "file-foreign"),
        ("data/log/000000000001.jsonl.txt", "file-foreign"),
        ("data/log/1.jsonl", "file-foreign"),
        ("data/blobs/" + "0" * 64, "blob-foreign"),
        ("data/blobs/" + "0" * 63, "file-foreign"),
        ("evil.py", "file-foreign"),
    ],
)
def test_a_file_too_many(honest: Bundle, untouched: World, tmp_path: Path, name: str, code: str) -> None:
    more = Bundle(honest.top, {**honest.files, name: b"x"})
    for bundle in (more, more.relisted() if name.startswith("data/") else more):
        assert code in ask(bundle.packed(tmp_path / "more.zip"), untouched)[1] | (
            {"blob-foreign"} & {code} if bundle is more else set()
        )


def test_a_name_twice(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    from reporting_governance.adapters.bundle.stored_zip import StoredZip

    with open(tmp_path / "twice.zip", "wb") as file:
        archive = StoredZip(file.write)  # type: ignore[arg-type]
        for data in (b"one", b"two"):
            archive.add(f"{honest.top}/bagit.txt", len(data), crc32(data), [data])
        archive.end()
    assert ask(tmp_path / "twice.zip", untouched) == (1, {"archive-name"})


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda data: data + b"x", {"archive-hidden-bytes"}),
        (lambda data: b"x" + data, {"archive-hidden-bytes", "archive-damaged"}),
        (lambda data: data + data, {"archive-hidden-bytes", "archive-damaged"}),
        (lambda data: data[:-2] + b"\x05\x00hello", {"archive-hidden-bytes"}),
        (lambda data: data[:-22] + data[-22:] * 2, {"archive-hidden-bytes"}),
        (lambda data: b"PK" + b"\0" * 40, {"archive-damaged"}),
        (lambda data: b"", {"archive-damaged"}),
        (lambda data: b"\x1f\x8b\x08" + data, {"archive-damaged", "archive-hidden-bytes"}),
    ],
)
def test_bytes_beside_the_archive(
    honest_path: str, untouched: World, tmp_path: Path, change: Callable[[bytes], bytes], codes: set[str]
) -> None:
    (tmp_path / "beside.zip").write_bytes(change(Path(honest_path).read_bytes()))
    code, found = ask(tmp_path / "beside.zip", untouched)
    assert code == 1
    assert found & codes


def test_two_directories(honest_path: str, untouched: World, tmp_path: Path) -> None:
    """A second directory behind the first, which readers that search from the end would take."""
    data = Path(honest_path).read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("top/bagit.txt", b"x")
    (tmp_path / "two.zip").write_bytes(data + other.getvalue())
    code, found = ask(tmp_path / "two.zip", untouched)
    assert (code, bool(found & {"archive-hidden-bytes", "archive-damaged"})) == (1, True)


def test_a_checksum_of_the_archive_that_is_not_the_files(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """Wrong in both places where it stands: another program would not unpack what we call whole."""
    path = Path(honest.packed(tmp_path / "sum.zip"))
    data = path.read_bytes()
    checksum = pack("<L", crc32(honest.files["data/README.txt"]))
    assert data.count(checksum) == 2
    path.write_bytes(data.replace(checksum, b"\x01\x02\x03\x04"))
    assert ask(path, untouched) == (1, {"file-changed"})


def test_files_in_another_order(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    from reporting_governance.adapters.bundle.stored_zip import StoredZip

    with open(tmp_path / "order.zip", "wb") as file:
        archive = StoredZip(file.write)  # type: ignore[arg-type]
        for name in sorted(honest.files, reverse=True):
            archive.add(
                f"{honest.top}/{name}", len(honest.files[name]), crc32(honest.files[name]), [honest.files[name]]
            )
        archive.end()
    assert ask(tmp_path / "order.zip", untouched) == (1, {"archive-damaged"})


@pytest.mark.parametrize("where", ["before", "behind"])
def test_bytes_around_the_directory_that_it_is_told_to_skip(
    honest_path: str, untouched: World, tmp_path: Path, where: str
) -> None:
    """The end says where the directory begins and how long it is: what lies beside it is no file."""
    data = Path(honest_path).read_bytes()
    count, length, begin = unpack("<HLL", data[-12:-2])
    if where == "before":
        end = pack("<HLL", count, length, begin + 5)
        hidden = data[:begin] + b"hello" + data[begin:-12] + end + b"\0\0"
    else:
        end = pack("<HLL", count, length + 5, begin)
        hidden = data[:-22] + b"hello" + data[-22:-12] + end + b"\0\0"
    (tmp_path / "hidden.zip").write_bytes(hidden)
    assert ask(tmp_path / "hidden.zip", untouched) == (1, {"archive-hidden-bytes"})


def test_a_directory_that_leads_to_a_file_inside_a_file(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """Who reads from the begin and who reads by the directory would see two verifiers."""
    evil = Bundle("t", {"x": b"print('all is well')\n"}).packed(tmp_path / "evil.zip")
    name = f"{honest.top}/data/verify.py"
    inner = Path(evil).read_bytes()[:30].replace(b"\x03\0\0\0", bytes([len(name), 0, 0, 0]))
    files = {**honest.files, "data/README.txt": inner + name.encode() + b"print('all is well')\n"}
    path = Path(Bundle(honest.top, files).relisted().packed(tmp_path / "two.zip"))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        place = data.index(b"print('all is well')") - len(name) - 30
        entry = data.rindex(name.encode(), archive.start_dir) - 46
    assert unpack("<L", data[entry + 42 : entry + 46]) == (info.header_offset,)
    data[entry + 42 : entry + 46] = pack("<L", place)
    path.write_bytes(data)
    assert ask(path, untouched) == (1, {"archive-hidden-bytes"})


def test_an_archive_with_more_files_than_a_short_end_can_count(untouched: World, tmp_path: Path) -> None:
    """Large archives end in another form, which must be read as strictly."""
    from reporting_governance.adapters.bundle.stored_zip import StoredZip
    from reporting_governance.verifier.storedzip import ArchiveRefused, entries_of_archive

    path = tmp_path / "large.zip"
    with open(path, "wb") as file:
        archive = StoredZip(lambda data: file.write(data) and None)  # type: ignore[arg-type,func-returns-value]
        for number in range(66_000):
            archive.add(f"top/data/{number:06d}", 0, 0, [])
        archive.end()
    assert sum(1 for _ in entries_of_archive(str(path), 100_000)) == 66_000
    data = path.read_bytes()
    for place in range(len(data) - 98, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ArchiveRefused):
            sum(1 for _ in entries_of_archive(str(path), 100_000))


@pytest.mark.parametrize("what", ["link", "folder-link", "pipe", "foreign", "missing", "upper"])
def test_an_unpacked_bundle(honest: Bundle, untouched: World, tmp_path: Path, what: str) -> None:
    root = Path(honest.unpacked(tmp_path))
    assert ask(root, untouched) == (0, set())
    readme = root / "data/README.txt"
    codes = {"link": "folder-foreign", "folder-link": "folder-foreign", "pipe": "folder-foreign"}
    codes |= {"foreign": "file-foreign", "missing": "file-missing", "upper": "archive-name"}
    if what == "link":
        os.rename(readme, tmp_path / "elsewhere")
        os.symlink(tmp_path / "elsewhere", readme)
    elif what == "folder-link":
        os.rename(root / "data/context", tmp_path / "context")
        os.symlink(tmp_path / "context", root / "data/context")
    elif what == "pipe":
        os.mkfifo(root / "data/pipe")
    elif what == "foreign":
        (root / "data/x.txt").write_text("x")
    elif what == "missing":
        readme.unlink()
    else:
        (root / "data/readme.TXT").write_text("x")
    code, found = ask(root, untouched)
    assert (code, codes[what] in found) == (1 if what != "none" else 0, True), found


def test_an_unpacked_bundle_may_have_other_modes(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    root = honest.unpacked(tmp_path)
    os.chmod(f"{root}/data/README.txt", stat.S_IRUSR)
    assert ask(root, untouched) == (0, set())


@pytest.mark.parametrize("what", ["empty-folder", "text", "device", "pipe"])
def test_what_is_no_bundle_at_all(untouched: World, tmp_path: Path, what: str) -> None:
    path = tmp_path / "what"
    if what == "empty-folder":
        path.mkdir()
    elif what == "text":
        path.write_text("hello")
    elif what == "device":
        path = Path("/dev/null")
    else:
        os.mkfifo(path)
    code, found = ask(path, untouched)
    assert (code, found) == ((1, {"archive-damaged"}) if what == "text" else (3, {"input-unreadable"}))


def test_a_file_of_a_bundle_that_is_far_larger_than_it_may_be(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """A list that is to be read whole is not read when it is larger than any can be."""
    root = Path(honest.unpacked(tmp_path))
    with open(root / "data/manifest.json", "wb") as file:
        file.truncate(1 << 40)
    code, found = ask(root, untouched)
    assert (code, "archive-size" in found) == (1, True)
