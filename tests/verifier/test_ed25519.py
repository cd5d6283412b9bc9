"""Ed25519 in plain integers says what a well known implementation says, strictly where RFC 8032 leaves a choice."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.verifier import ed25519
from reporting_governance.verifier.ed25519 import ed25519_verify

ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19

#: RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
}

#: Every encoding of a point whose order divides 8, those that are no canonical encoding included.
SMALL_ORDER = [
    number.to_bytes(32, "little")
    for number in (
        0,
        1,
        FIELD - 1,
        FIELD,
        FIELD + 1,
        1 << 255,
        (1 << 255) + 1,
        (1 << 255) + FIELD - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303021397,
        2707385501144840649318225287225658788936804267575313519463743609750303021397 | 1 << 255,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
        55188659117513257062467267217118295137698188065244968500265048394206261417927 - (1 << 255) & (1 << 256) - 1,
    )
]


def peer_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("name", RFC_8032)
def test_the_vectors_of_the_rfc(name: str) -> None:
    public, message, signature = (bytes.fromhex(each) for each in RFC_8032[name])
    assert ed25519_verify(public, message, signature)
    assert not ed25519_verify(public, message + b"!", signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_the_peer_signs_is_signed(seed: bytes, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    assert ed25519_verify(private.public_key().public_bytes_raw(), message, private.sign(message))


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 96 * 8 + 7), st.binary(min_size=1, max_size=40))
def test_one_flipped_bit_is_judged_as_the_peer_judges_it(seed: bytes, bit: int, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    whole = bytearray(private.public_key().public_bytes_raw() + private.sign(message) + message)
    bit %= len(whole) * 8
    whole[bit // 8] ^= 1 << bit % 8
    public, signature, text = bytes(whole[:32]), bytes(whole[32:96]), bytes(whole[96:])
    assert not ed25519_verify(public, text, signature)
    assert not peer_says(public, text, signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64), st.binary(max_size=8))
def test_noise_is_no_signature(public: bytes, signature: bytes, message: bytes) -> None:
    assert not ed25519_verify(public, message, signature)


def test_the_second_form_of_a_signature_is_none() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    signature = private.sign(b"once")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519_verify(
        private.public_key().public_bytes_raw(), b"once", signature[:32] + scalar.to_bytes(32, "little")
    )


@pytest.mark.parametrize("public", SMALL_ORDER, ids=lambda data: data.hex()[:8])
@pytest.mark.parametrize("message", [bytes([number]) for number in range(16)], ids=lambda data: data.hex())
def test_a_key_of_small_order_signs_nothing(public: bytes, message: bytes) -> None:
    """With R the neutral point and S = 0 such a key would sign every message, or one in a few."""
    for commitment in SMALL_ORDER:
        assert not ed25519_verify(public, message, commitment + bytes(32))


@pytest.mark.parametrize(("public", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_other_lengths_are_no_signature(public: int, signature: int) -> None:
    assert not ed25519_verify(bytes(public), b"", bytes(signature))


@pytest.mark.parametrize("y", [*range(20), FIELD - 1])
def test_a_point_has_one_encoding(y: int) -> None:
    """No signature shows it: nobody knows the key of such a point, unless its order is small."""
    for odd in (0, 1):
        written = (y | odd << 255).to_bytes(32, "little")
        point = ed25519._decoded_point(written)
        assert point is None or ed25519._encoded_point(point) == written
        assert point is not None or y not in (0, 1, 3, 4, FIELD - 1) or odd
        if y < 19:
            assert ed25519._decoded_point((y + FIELD | odd << 255).to_bytes(32, "little")) is None
