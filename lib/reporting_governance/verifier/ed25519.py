"""Checking of Ed25519 signatures in plain integers, for a machine that has Python and nothing else.

Nothing here is secret, so nothing has to run in constant time.  Signing is not here.
"""

from __future__ import annotations

from hashlib import sha512
from typing import NamedTuple, Optional

_FIELD = 2**255 - 19  #: p of RFC 8032, section 5.1
_ORDER = 2**252 + 27742317777372353535851937790883648493  #: L, the order of the base point
_CURVE_D = -121665 * pow(121666, _FIELD - 2, _FIELD) % _FIELD
_TWICE_D = 2 * _CURVE_D % _FIELD
_ROOT_OF_MINUS_ONE = pow(2, (_FIELD - 1) // 4, _FIELD)


class _CurvePoint(NamedTuple):
    """A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z (RFC 8032, section 5.1.4)."""

    x: int
    y: int
    z: int
    t: int


_NEUTRAL = _CurvePoint(0, 1, 1, 0)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is a signature over `message` by the key `public`.

    Strict where RFC 8032 leaves a choice, so that one signature has one form and one meaning: S below the group's
    order, points only in their one encoding, no cofactor, and no key of small order: such a key "signs" messages that
    nobody signed.

    Args:
        public: 32 bytes; `signature`: 64 bytes.  Other lengths are no valid signature.
    Source: RFC 8032, section 5.1.7.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    key = _decoded_point(public)
    if scalar >= _ORDER or key is None or _is_of_small_order(key):
        return False
    digest = sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    minus_key = _CurvePoint(-key.x % _FIELD, key.y, key.z, -key.t % _FIELD)
    return _encoded_point(_sum_of_products(scalar, _BASE, challenge, minus_key)) == signature[:32]


def _sum_of_products(first: int, one: _CurvePoint, second: int, other: _CurvePoint) -> _CurvePoint:
    """Return first * one + second * other, with one doubling for a binary digit of both."""
    added = (None, one, other, _added(one, other))
    total = _NEUTRAL
    for place in range(max(first.bit_length(), second.bit_length()) - 1, -1, -1):
        total = _doubled(total)
        what = added[(first >> place & 1) | (second >> place & 1) << 1]
        if what is not None:
            total = _added(total, what)
    return total


def _added(one: _CurvePoint, other: _CurvePoint) -> _CurvePoint:
    a = (one.y - one.x) * (other.y - other.x) % _FIELD
    b = (one.y + one.x) * (other.y + other.x) % _FIELD
    c = one.t * _TWICE_D * other.t % _FIELD
    d = 2 * one.z * other.z % _FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return _CurvePoint(e * f % _FIELD, g * h % _FIELD, f * g % _FIELD, e * h % _FIELD)


def _doubled(point: _CurvePoint) -> _CurvePoint:
    a = point.x * point.x % _FIELD
    b = point.y * point.y % _FIELD
    h = a + b
    e = h - (point.x + point.y) * (point.x + point.y) % _FIELD
    g = a - b
    f = 2 * point.z * point.z + g
    return _CurvePoint(e * f % _FIELD, g * h % _FIELD, f * g % _FIELD, e * h % _FIELD)


def _is_of_small_order(point: _CurvePoint) -> bool:
    eightfold = _doubled(_doubled(_doubled(point)))
    return eightfold.x == 0 and eightfold.y == eightfold.z


def _encoded_point(point: _CurvePoint) -> bytes:
    inverse = pow(point.z, _FIELD - 2, _FIELD)
    x, y = point.x * inverse % _FIELD, point.y * inverse % _FIELD
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decoded_point(data: bytes) -> Optional[_CurvePoint]:  # noqa: UP045 (read by Python before 3.10 too)
    """Return the point of an encoding, None when it is none, or not the one that `_encoded_point` gives."""
    number = int.from_bytes(data, "little")
    y, odd = number & (1 << 255) - 1, number >> 255
    if y >= _FIELD:
        return None
    square = (y * y - 1) * pow(_CURVE_D * y * y + 1, _FIELD - 2, _FIELD) % _FIELD
    x = pow(square, (_FIELD + 3) // 8, _FIELD)
    if (x * x - square) % _FIELD:
        x = x * _ROOT_OF_MINUS_ONE % _FIELD
    if (x * x - square) % _FIELD or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = _FIELD - x
    return _CurvePoint(x, y, 1, x * y % _FIELD)


def _base_point() -> _CurvePoint:
    found = _decoded_point((4 * pow(5, _FIELD - 2, _FIELD) % _FIELD).to_bytes(32, "little"))
    assert found is not None  # the curve's own constant
    return found


_BASE = _base_point()
