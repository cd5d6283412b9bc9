"""Notes are read as C2SP writes them, and nothing else is a note."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.verifier.note import (
    HeadMark,
    LogHead,
    Note,
    Signature,
    find_marks,
    format_note,
    head_mark,
    head_text,
    is_signed_by,
    parse_head,
    parse_heads,
    parse_note,
    parse_vkey,
    vkey_of,
)

#: The example of C2SP signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
#: The example of C2SP tlog-checkpoint.
HEAD = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xe"
    "McTOAYQ8=\n"
).encode()
#: The example of C2SP signed-note whose text has an empty line in it.
POEM = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQw"
    "aqP3ZekRwNtIc=\n"
).encode()
LOG = "0123456789abcdef0123456789abcdef"
SEED = bytes(range(32))


def signature_by(seed: bytes, name: str, text: str) -> Signature:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key = vkey_of(name, private.public_key().public_bytes_raw())
    return Signature(name, key.key_id, private.sign(text.encode()))


def signed(text: str, *, seed: bytes = SEED, name: str = LOG) -> bytes:
    return format_note(text, [signature_by(seed, name, text)])


def key_of(seed: bytes, name: str = LOG):
    return vkey_of(name, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def test_the_example_of_the_specification_is_signed_by_its_key() -> None:
    note = parse_note(EXAMPLE)
    assert note.text == "This is an example message.\n"
    assert is_signed_by(note, parse_vkey(VKEY))
    assert parse_vkey(VKEY).text() == VKEY
    assert format_note(note.text, note.signatures) == EXAMPLE


def test_the_checkpoint_of_the_specification_is_a_head() -> None:
    note = parse_note(HEAD)
    head = parse_head(note.text)
    assert head.origin == "example.com/behind-the-sofa"
    assert head.size == 20852163
    assert b64encode(head.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert head_text(head) == note.text
    assert parse_heads(HEAD) == [note]


def test_a_text_may_hold_an_empty_line() -> None:
    note = parse_note(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert [each.name for each in note.signatures] == ["quasimodo.example/salvatore"]
    assert format_note(note.text, note.signatures) == POEM


@pytest.mark.parametrize("byte", range(len(EXAMPLE)))
def test_no_byte_of_a_signed_note_may_change(byte: int) -> None:
    changed = EXAMPLE[:byte] + bytes([EXAMPLE[byte] ^ 1]) + EXAMPLE[byte + 1 :]
    try:
        note = parse_note(changed)
    except ValueError:
        return
    assert not is_signed_by(note, parse_vkey(VKEY))


@pytest.mark.parametrize("number", [*range(32)])
def test_a_control_character_is_refused(number: int) -> None:
    damaged = EXAMPLE.replace(b"example message", b"example" + bytes([number]) + b"message")
    if number == ord("\n"):
        assert not is_signed_by(parse_note(damaged), parse_vkey(VKEY))
    else:
        with pytest.raises(ValueError, match="control"):
            parse_note(damaged)


SIGNATURE = EXAMPLE.decode().split("\n\n")[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        SIGNATURE,
        "text\n" + SIGNATURE,
        "text\n\n" + SIGNATURE[:-1],
        "text\n\n" + SIGNATURE + "\n",
        "text\n\n" + SIGNATURE + "more\n",
        "text\n\n" + SIGNATURE.replace("— ", "- "),
        "text\n\n" + SIGNATURE.replace("— ", "—"),
        "text\n\n" + SIGNATURE.replace(" U", "  U"),
        "text\n\n" + SIGNATURE.replace("example.com/foo", ""),
        "text\n\n" + SIGNATURE.replace("example.com/foo", "a+b"),
        "text\n\n" + SIGNATURE.replace("example.com/foo", "a\u00a0b"),
        "text\n\n" + SIGNATURE.replace("example.com/foo", "a\u2003b"),
        "text\n\n" + SIGNATURE.replace("example.com/foo", "a\u0085b"),
        "text\n\n" + SIGNATURE.replace("IneyaQM=", "IneyaQN="),
        "text\n\n" + SIGNATURE.replace("IneyaQM=", "IneyaQM"),
        "text\n\n" + SIGNATURE.replace("IneyaQM=", "IneyaQM=="),
        "text\n\n" + SIGNATURE.replace("srV1", "srV_"),
        "text\n\n— name \n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name\n",
        "text\r\n\r\n" + SIGNATURE.replace("\n", "\r\n"),
    ],
)
def test_what_is_no_note(text: str) -> None:
    with pytest.raises(ValueError):
        parse_note(text.encode())


def test_what_is_not_utf_8_is_no_note() -> None:
    with pytest.raises(ValueError):
        parse_note(EXAMPLE.replace(b"message", b"messag\xff"))


@pytest.mark.parametrize(("count", "good"), [(1, True), (16, True), (100, True), (101, False)])
def test_many_signatures(count: int, good: bool) -> None:
    data = EXAMPLE + b"".join(f"— other{number} AAAAAAA=\n".encode() for number in range(count - 1))
    if good:
        note = parse_note(data)
        assert len(note.signatures) == count
        assert is_signed_by(note, parse_vkey(VKEY))
    else:
        with pytest.raises(ValueError, match="signatures"):
            parse_note(data)


def test_a_note_has_a_largest_size() -> None:
    with pytest.raises(ValueError, match="bytes"):
        parse_note(b"x" * 1_000_000 + EXAMPLE)


def test_only_name_and_id_together_name_a_key() -> None:
    text = "text\n"
    mine = key_of(SEED)
    other = signature_by(bytes(32), LOG, text)
    assert not is_signed_by(Note(text, (other,)), mine)
    assert not is_signed_by(Note(text, (signature_by(SEED, "another", text),)), mine)
    assert is_signed_by(Note(text, (other, signature_by(SEED, LOG, text))), mine)


def test_a_false_signature_under_the_key_s_own_name_spoils_the_note() -> None:
    good = signature_by(SEED, LOG, "text\n")
    false = good._replace(signature=bytes([good.signature[0] ^ 1]) + good.signature[1:])
    for signatures in ((good, false), (false, good), (false,)):
        assert not is_signed_by(Note("text\n", signatures), key_of(SEED))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "example.com/foo+530d903a",
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "30d903a"),
        VKEY.replace("foo", "fop"),
        VKEY.replace("example.com/foo", ""),
        VKEY.replace("example.com/foo", "a b"),
        VKEY.replace("AekyeRrm", "AukyeRrm"),
        VKEY[:-4],
        VKEY + "AAAA",
        VKEY + "\n",
        VKEY.replace("Kv3U2k", "Kv3U2l"),
    ],
)
def test_what_is_no_verifier_key(text: str) -> None:
    with pytest.raises(ValueError):
        parse_vkey(text)


@pytest.mark.parametrize("name", ["", "a+b", "a b", "a\nb", "a\u3000b", "a\x1bb"])
def test_a_name_that_no_key_may_have(name: str) -> None:
    with pytest.raises(ValueError):
        vkey_of(name, bytes(32))


GOOD_ROOT = b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        f"origin\n1\n{GOOD_ROOT}",
        f"\n1\n{GOOD_ROOT}\n",
        f"origin\n\n{GOOD_ROOT}\n",
        f"origin\n01\n{GOOD_ROOT}\n",
        f"origin\n+1\n{GOOD_ROOT}\n",
        f"origin\n-1\n{GOOD_ROOT}\n",
        f"origin\n1.0\n{GOOD_ROOT}\n",
        f"origin\n1_0\n{GOOD_ROOT}\n",
        f"origin\n١\n{GOOD_ROOT}\n",
        f"origin\n{'9' * 20}\n{GOOD_ROOT}\n",
        f"origin\n1\n{GOOD_ROOT[:-4]}\n",
        "origin\n1\n" + GOOD_ROOT.replace("=", "") + "\n",
        f"origin\n1\n{GOOD_ROOT}\n\n",
        f"origin\n1\n{GOOD_ROOT}\n\nmore\n",
    ],
)
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError):
        parse_head(text)


def test_an_extension_line_is_passed_over() -> None:
    assert parse_head(f"origin\n0\n{GOOD_ROOT}\nmore\n") == LogHead("origin", 0, bytes(range(32)))


@pytest.mark.parametrize(
    "head", [LogHead("", 1, bytes(32)), LogHead("a\nb", 1, bytes(32)), LogHead("a", -1, bytes(32))]
)
def test_what_cannot_be_read_back_is_not_written(head: LogHead) -> None:
    with pytest.raises(ValueError):
        head_text(head)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.binary(min_size=5, max_size=90), st.text(min_size=1, max_size=12))
def test_what_is_written_is_read_back_or_refused(text: str, data: bytes, name: str) -> None:
    signatures = (Signature(name, data[:4], data[4:]),)
    try:
        written = format_note(text, signatures)
    except ValueError:
        return
    assert parse_note(written) == Note(text, signatures)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_refused_or_read_whole(data: bytes) -> None:
    for candidate in (data, EXAMPLE[: len(data)] + data, data + EXAMPLE):
        try:
            note = parse_note(candidate)
        except ValueError:
            continue
        assert format_note(note.text, note.signatures) == candidate
    parse_heads(data)
    find_marks(data.decode("latin-1"))


def heads(count: int) -> list[bytes]:
    return [signed(head_text(LogHead(LOG, size, bytes([size]) * 32))) for size in range(1, count + 1)]


def test_notes_one_after_another() -> None:
    assert parse_heads(b"".join(heads(5))) == [parse_note(each) for each in heads(5)]
    assert parse_heads(b"\n".join(heads(5))) == [parse_note(each) for each in heads(5)]
    assert parse_heads(b"") == []


@pytest.mark.parametrize("mark", ["> ", ">> ", "    ", "\t"])
def test_a_head_in_a_quoted_mail_is_found_and_still_signed(mark: str) -> None:
    one, two = heads(2)
    quoted = "".join(f"{mark}{line}\r\n" for line in one.decode().rstrip("\n").split("\n"))
    mail = f"Dear reviewer,\r\nthis is the head:\r\n{quoted}\r\n-- \r\nme\r\n\r\n{two.decode()}bye\n".encode()
    found = parse_heads(mail)
    assert found == [parse_note(one), parse_note(two)]
    assert all(is_signed_by(note, key_of(SEED)) for note in found)


def test_a_damaged_note_does_not_hide_the_next() -> None:
    one, two, three = heads(3)
    assert parse_heads(one[:-30] + b"\n" + two + b"x" + three[40:] + one) == [parse_note(two), parse_note(one)]


def test_a_note_over_something_else_is_no_head() -> None:
    assert parse_heads(EXAMPLE + signed(f"reporting-governance log key\n{LOG}\nx\n-\n")) == []


def test_a_mark_is_found_where_people_put_it() -> None:
    top = "ab" * 32
    short, full = head_mark(LOG, 12, top), head_mark(LOG, 345, top, digits=64)
    assert short == "Journal: 01234567, 12 lines, root abababababababababababababababab"
    text = f"> {short}.\n<p>{full}</p>\nJournal: 01234567,\n> 7\n> lines, root {top[:20]}"
    assert find_marks(text) == [
        HeadMark("01234567", 12, top[:32]),
        HeadMark("01234567", 345, top),
        HeadMark("01234567", 7, top[:20]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Journal: 0123456, 12 lines, root abababababababababab",
        "Journal: 01234567, 012 lines, root abababababababababab",
        "Journal: 01234567, 12 lines, root ababababababababab",
        "Journal: 01234567, 12 lines, root ababababababababababxyz",
        "Journal: 01234567, 12 lines, root " + "ab" * 33,
        "Journal: 01234567, 12 lines, root ABABABABABABABABABAB",
        "journal: 01234567, 12 lines, root abababababababababab",
    ],
)
def test_what_is_no_mark(text: str) -> None:
    assert find_marks(text) == []


@pytest.mark.parametrize(
    ("log", "size", "top", "digits"), [(LOG, 1, "ab", 20), (LOG, -1, "ab" * 32, 20), ("x" * 32, 1, "ab" * 32, 20)]
)
def test_a_mark_that_would_not_be_found_is_not_made(log: str, size: int, top: str, digits: int) -> None:
    with pytest.raises(ValueError):
        head_mark(log, size, top, digits)


def test_the_examples_signature_is_what_the_name_and_key_say() -> None:
    data = b64decode(SIGNATURE.split(" ")[2])
    assert data[:4] == parse_vkey(VKEY).key_id
