"""What an HTTP exchange proves that brought no success, whoever was asked."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reporting_governance.adapters.interface import Answer, Fence, SendResult
from reporting_governance.adapters.senders.secrets import SecretMissing

if TYPE_CHECKING:
    from reporting_governance.adapters.senders.http import Exchange, Reply

_LONGEST_WAIT_DIGITS = 9


def exchanged(connected: "Callable[[], tuple[Exchange, bytes]]", may_start: Fence) -> "Reply | Answer":
    """Make one exchange; return the reply, or what it proves that there is none.

    Args:
        connected: makes the connection and returns it with the body to send; nothing has left by then.
    """
    from reporting_governance.adapters.senders.http import Forbidden, NoAnswer, NotConnected

    try:
        exchange, body = connected()
    except Forbidden as fault:
        return Answer(result=SendResult.REFUSED, evidence={"error": str(fault)})
    except (SecretMissing, NotConnected) as fault:
        return Answer(result=SendResult.NOT_SENT, evidence={"error": str(fault)})
    if not may_start():
        exchange.close()
        return Answer(result=SendResult.NOT_STARTED)
    try:
        return exchange.post(body)
    except NoAnswer as fault:
        return Answer(result=SendResult.IN_DOUBT, evidence={"error": str(fault)})


def failure(status: int, headers: Mapping[str, str], evidence: Mapping[str, str], now: float) -> Answer:
    """Return what an answer other than 2xx proves.

    Args:
        headers: names in lower case.
        evidence: kept as it is; a redirect adds its error.
        now: seconds since the epoch, for a Retry-After that names a date.
    """
    if status == 504:  # a gateway passed it on and heard nothing (RFC 9110, 15.6.5)
        return Answer(result=SendResult.IN_DOUBT, evidence=evidence)
    if status in (408, 425, 429) or status >= 500:
        wait = retry_after(headers, now)
        return Answer(result=SendResult.TRY_LATER, evidence=evidence, retry_after_seconds=wait)
    if 300 <= status < 400:
        evidence = {**evidence, "error": "a redirect, which is never followed"}
    return Answer(result=SendResult.REFUSED, evidence=evidence)


def retry_after(headers: Mapping[str, str], now: float) -> int | None:
    """Return the wait that a receiver asks for, in whole seconds; None when it does not, or not so that it is clear.

    A date counts from the receiver's own `Date`, when it gives one: its clock need not be ours.
    Source: RFC 9110, 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _LONGEST_WAIT_DIGITS else None
    moment = _date(text)
    return None if moment is None else until(moment, headers, now)


def until(moment: float, headers: Mapping[str, str], now: float) -> int:
    """Return how long it is until a moment (seconds since the epoch) that a receiver named, by its own clock."""
    sent = _date(headers.get("date", ""))
    return max(0, int(moment - (now if sent is None else sent)))


def is_web_page(body: bytes) -> bool:
    """Tell whether a body is HTML: a sign-in page or a captive portal answers 200 to everything."""
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def _date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
