"""What the output of `openclaw message send --json` proves.

Two shapes were measured.  2026.9.6: one JSON document on standard output, also for a failure (`ok: false`), and every
failure is exit 1.  2026.3.23: JSON for a success only, with the id inside `payload`; a failure is plain text on
standard error.  In both, why a send failed stands in words alone.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.answers import failure
from reporting_governance.adapters.senders.texts import one_line
from reporting_governance.contracts.receipt import Proof

#: Words that a channel puts where an id belongs when its service gave none.
_NO_IDS: Final = frozenset(("", "unknown", "ok", "message", "processed", "pending", "queued", "null", "undefined"))
#: The same, when it sent nothing.
_NOTHING_SENT: Final = frozenset(("empty", "skipped", "suppressed"))
#: An id that a plugin made itself, as `channel:milliseconds-hex`: no service has confirmed it (openclaw 98020).
_OWN_ID: Final = re.compile(r"[a-z][a-z0-9-]*:\d{13}-[0-9a-f]+", re.IGNORECASE)

#: Surely before anything left: nobody to send it, or no way to the service.  Repaired, and the next try goes through.
_NOT_SENT: Final = re.compile(
    r"Gateway not reachable at|Config invalid|Failed to read config|Invalid config at|config is invalid"
    r"|requires credentials|bot token missing|Channel is unavailable"
    r"|\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)\b|env: .*node.*No such file|\bNode [\d.]+: .*\buse \d"
)
#: Something may have left in an earlier try of the same run, whatever the last one met.
_LEFT: Final = re.compile(
    r"UND_ERR_SOCKET|ECONNRESET|EPIPE|ETIMEDOUT|_TIMEOUT\b|socket hang up|aborted|timed? ?out", re.IGNORECASE
)
#: Said by the program before it asks anybody, or by the service in an answer of its own.
_REFUSED: Final = re.compile(
    r"Unknown (?:channel|target|account)|required option|requires? (?:a )?target|send requires text"
    r"|Telegram send failed: (?:chat not found|bot is not a member)|Channel is required|unknown option"
)
#: Telegram's own answer, as grammY words it.
_STATUS: Final = re.compile(r"Call to '\w+' failed! \((\d{3}): ")
_WAIT: Final = re.compile(r"retry after (\d{1,6})\b")
#: Not every failure is told by the exit (openclaw 70977: `Error: Request entity too large`, exit 0).
_COMPLAINT: Final = re.compile(r"^\W*(?:\w*Error|Failed)\b", re.MULTILINE)
#: Tokens of bots, which a failed request may name with its address.
_TOKEN: Final = re.compile(r"\d{3,}:[A-Za-z0-9_-]{20,}|\bxox[a-z]-[A-Za-z0-9-]+")


def judge(code: int | None, output: bytes, errors: bytes, *, best: Proof, now: float) -> Answer:
    """Return what one run of the program proves.

    Args:
        code: its exit, negative for a signal; None: it was killed at its time limit.
        output: standard output, from its beginning.
        errors: standard error, its end.
        best: the most that a success may prove.
        now: seconds since the epoch.
    """
    evidence = {"stdout_sha256": sha256(output).hexdigest()}
    said = _document(output)
    if code is not None and code >= 0:
        evidence["exit"] = str(code)
    if said is not None and said.get("ok") is not False and (code is None or code == 0):
        return _success(said, evidence, best)  # also of a program that has answered and never ends (openclaw 16460)
    if code is None:
        return _doubt(evidence, "killed at its time limit")
    if code < 0:
        return _doubt(evidence, f"ended by signal {-code}")
    if said is None and code == 0:
        return _silent_success(output.decode("utf-8", "replace"), evidence, best)
    if said is None:
        return _by_words((output + b"\n" + errors).decode("utf-8", "replace"), evidence, now)
    return _failure(said, evidence, now)


def _document(output: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object that the output ends with; boxes and notes of migrations may stand before it."""
    text = output.decode("utf-8", "replace").strip()
    if not text.endswith("}"):
        return None
    for start in re.finditer(r"^\{", text, re.MULTILINE):
        try:
            found = json.loads(text[start.start() :])
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _success(said: Mapping[str, Any], evidence: dict[str, str], best: Proof) -> Answer:
    """Return what a document without `ok: false` proves; `delivered: true` in it is the program's word."""
    payload = _mapping(said.get("payload"))
    if said.get("dryRun") is True or payload.get("dryRun") is True:
        return Answer(result=SendResult.REFUSED, evidence={**evidence, "error": "a dry run: nothing was sent"})
    evidence |= _ids(said)
    if payload.get("ok") is False:
        return _doubt(evidence, _words(payload) or "its payload says ok: false")
    found = evidence.get("id", "")
    if found.lower() in _NOTHING_SENT:
        return Answer(result=SendResult.REFUSED, evidence={**evidence, "error": f"nothing was sent: {found}"})
    is_named = found.lower() not in _NO_IDS and not _OWN_ID.fullmatch(found)
    proof = Proof.STORED if is_named else Proof.ACCEPTED
    return Answer(result=SendResult.ANSWERED, proof=min(best, proof), evidence=evidence)


def _silent_success(text: str, evidence: dict[str, str], best: Proof) -> Answer:
    if _COMPLAINT.search(text):
        return _doubt(evidence, text)
    return Answer(result=SendResult.ANSWERED, proof=min(best, Proof.ACCEPTED), evidence=evidence)


def _failure(said: Mapping[str, Any], evidence: dict[str, str], now: float) -> Answer:
    evidence |= _ids(said)
    status = said.get("deliveryStatus")
    text = _words(said) or _words(_mapping(said.get("payload"))) or "it says ok: false"
    if isinstance(status, str):
        evidence["delivery_status"] = status
    if said.get("sentBeforeError") is True or status == "partial_failed" or "id" in evidence:
        return _doubt(evidence, text)  # some of it has arrived
    if status == "suppressed":
        return Answer(result=SendResult.REFUSED, evidence={**evidence, "error": _told(text)})
    return _by_words(text, evidence, now)


def _by_words(text: str, evidence: dict[str, str], now: float) -> Answer:
    """Return what a text about a failure proves; in doubt unless it is known to be surely something else."""
    evidence["error"] = _told(text)
    if answered := _STATUS.search(text):
        answer = failure(int(answered[1]), {}, {**evidence, "status": answered[1]}, now)
        wait = _WAIT.search(text)
        if answer.result is SendResult.TRY_LATER and wait is not None:
            return Answer(result=answer.result, evidence=answer.evidence, retry_after_seconds=int(wait[1]))
        return answer
    if _REFUSED.search(text):
        return Answer(result=SendResult.REFUSED, evidence=evidence)
    if _NOT_SENT.search(text) and not _LEFT.search(text):
        return Answer(result=SendResult.NOT_SENT, evidence=evidence)
    return Answer(result=SendResult.IN_DOUBT, evidence=evidence)


def _doubt(evidence: Mapping[str, str], why: str) -> Answer:
    return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": _told(why)})


def _told(text: str) -> str:
    return one_line(_TOKEN.sub("***", text))


def _ids(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids in an answer: at its top since 2026.4, within the payload before and since."""
    payload = _mapping(said.get("payload"))
    result = _mapping(payload.get("result"))
    found: dict[str, str] = {}
    for name, keys in (("id", ("messageId",)), ("chat", ("chatId", "channelId", "conversationId"))):
        values = [_name(place.get(key)) for place in (said, payload, result) for key in keys]
        if value := next(filter(None, values), ""):
            found[name] = value
    return found


def _name(value: object) -> str:
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _words(said: Mapping[str, Any]) -> str:
    error = said.get("error")
    if isinstance(error, Mapping):
        error = error.get("message")
    return error if isinstance(error, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
