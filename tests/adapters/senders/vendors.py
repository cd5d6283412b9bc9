"""What vendors answer, as their documentation shows it: status, body, headers.  Ids and texts are our own."""

import json
from collections.abc import Mapping
from typing import Any

VendorAnswer = tuple[int, bytes, Mapping[str, str]]


def _json(document: Mapping[str, Any], status: int = 200, **headers: str) -> VendorAnswer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, json.dumps(document).encode(), {"Content-Type": "application/json", **named}


def _slack_error(name: str) -> VendorAnswer:
    return _json({"ok": False, "error": name})


SLACK: Mapping[str, VendorAnswer] = {
    "slack_stored": _json(
        {"ok": True, "channel": "C0123456789", "ts": "1772337906.000100", "message": {"type": "message"}}
    ),
    "slack_reply_stored": _json(
        {
            "ok": True,
            "channel": "C0123456789",
            "ts": "1772341506.000200",
            "message": {"type": "message", "thread_ts": "1772337906.000100"},
        }
    ),
    "slack_ratelimited": _json({"ok": False, "error": "ratelimited"}, 429, Retry_After="30"),
    **{
        f"slack_{name}": _slack_error(name)
        for name in (
            "rate_limited message_limit_exceeded request_timeout service_unavailable team_added_to_org "
            "org_login_required external_channel_migrating fatal_error internal_error invalid_auth not_authed "
            "token_revoked account_inactive missing_scope channel_not_found is_archived not_in_channel "
            "msg_too_long no_text restricted_action ekm_access_denied a_name_of_next_year "
            "thread_not_found cannot_reply_to_message restricted_action_thread_locked"
        ).split()
    },
    "slack_500_internal_error": _json({"ok": False, "error": "internal_error"}, 500),
    "slack_auth_ok": _json({"ok": True, "team": "T1", "user": "bot", "user_id": "U1"}),
}


def _telegram_error(status: int, description: str, **parameters: int) -> VendorAnswer:
    document: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return _json(document | ({"parameters": parameters} if parameters else {}), status)


TELEGRAM: Mapping[str, VendorAnswer] = {
    "telegram_stored": _json(
        {"ok": True, "result": {"message_id": 77, "chat": {"id": -1001, "type": "group"}, "date": 1}}
    ),
    "telegram_429": _telegram_error(429, "Too Many Requests: retry after 34", retry_after=34),
    "telegram_no_chat": _telegram_error(400, "Bad Request: chat not found"),
    "telegram_no_reply": _telegram_error(400, "Bad Request: message to be replied not found"),
    "telegram_moved": _telegram_error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1002),
    "telegram_blocked": _telegram_error(403, "Forbidden: bot was blocked by the user"),
    "telegram_unauthorized": _telegram_error(401, "Unauthorized"),
    "telegram_500": _telegram_error(500, "Internal Server Error"),
    "telegram_false_200": _json({"ok": False, "error_code": 400, "description": "Bad Request: message text is empty"}),
    "telegram_chat": _json({"ok": True, "result": {"id": -1001, "type": "group"}}),
}


def _ntfy_error(status: int, code: int, text: str) -> VendorAnswer:
    return _json({"code": code, "http": status, "error": text, "link": "https://ntfy.sh/docs/"}, status)


_NTFY_MESSAGE = {"id": "hwQ2YpKdmg", "time": 1772337906, "event": "message", "topic": "notices", "message": "x"}
NTFY: Mapping[str, VendorAnswer] = {
    "ntfy_stored": _json({**_NTFY_MESSAGE, "expires": 1772381106}),
    "ntfy_not_kept": _json(_NTFY_MESSAGE),
    "ntfy_429": _ntfy_error(429, 42908, "limit reached: too many messages"),
    "ntfy_507": _ntfy_error(507, 50701, "insufficient storage"),
    "ntfy_403": _ntfy_error(403, 40301, "forbidden"),
    "ntfy_413": _ntfy_error(413, 41301, "attachment too large"),
    "ntfy_open": _json({"id": "x", "time": 1, "event": "open", "topic": "notices"}),
    "ntfy_healthy": _json({"healthy": True}),
}


def _receipt(**changes: Any) -> VendorAnswer:
    values = {
        "status": 1,
        "acknowledged": 0,
        "acknowledged_at": 0,
        "acknowledged_by": "",
        "acknowledged_by_device": "",
        "last_delivered_at": 1772337906,
        "expired": 0,
        "expires_at": 1772341506,
        "called_back": 0,
        "called_back_at": 0,
        "request": "6c50-receipt",
    }
    return _json({**values, **changes})


PUSHOVER: Mapping[str, VendorAnswer] = {
    "pushover_queued": _json({"status": 1, "request": "647d2300-702c-4b38"}),
    "pushover_emergency": _json(
        {"status": 1, "request": "647d2300-702c-4b38", "receipt": "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"}
    ),
    "pushover_invalid_user": _json(
        {"user": "invalid", "errors": ["user key is invalid"], "status": 0, "request": "5d"}, 400
    ),
    "pushover_zero_200": _json({"errors": ["message cannot be blank"], "status": 0, "request": "5d"}),
    "pushover_quota": _json(
        {"status": 0, "errors": ["application is over its quota"], "request": "5d"},
        429,
        Date="Sun, 01 Mar 2026 00:00:00 GMT",
        X_Limit_App_Reset="1772326800",  # an hour later
    ),
    "pushover_cancelled": _json({"status": 1, "request": "5d"}),
    "pushover_valid": _json({"status": 1, "devices": ["phone"], "request": "5d"}),
    "pushover_waiting": _receipt(),
    "pushover_acknowledged": _receipt(
        acknowledged=1,
        acknowledged_at=1772338000,
        acknowledged_by="uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
        acknowledged_by_device="phone",
    ),
    "pushover_acknowledged_late": _receipt(acknowledged=1, acknowledged_at=1772338000, expired=1),
    "pushover_expired": _receipt(expired=1),
    "pushover_no_receipt": _json(
        {"receipt": "not found", "errors": ["receipt not found"], "status": 0, "request": "5d"}, 404
    ),
}


def _incidents(*incidents: Mapping[str, Any]) -> VendorAnswer:
    return _json({"incidents": list(incidents), "limit": 1, "offset": 0, "more": False})


_USER = {"id": "PXPGF42", "type": "user_reference", "summary": "Earline Greenholt"}
_SERVICE = {"id": "PIJ90N7", "type": "service_reference", "summary": "Agents"}
_INCIDENT = {"id": "PT4KHLK", "type": "incident", "incident_number": 1234}
PAGERDUTY: Mapping[str, VendorAnswer] = {
    "pagerduty_accepted": _json({"status": "success", "message": "Event processed", "dedup_key": "thr_1"}, 202),
    "pagerduty_invalid": _json(
        {"status": "invalid event", "message": "Event object is invalid", "errors": ["'routing_key' is incorrect"]}, 400
    ),
    "pagerduty_429": _json({"status": "throttle exceeded", "message": "Requests are throttled"}, 429),
    "pagerduty_500": _json({"status": "error", "message": "Internal Server Error"}, 500),
    "pagerduty_none": _incidents(),
    "pagerduty_triggered": _incidents({**_INCIDENT, "status": "triggered", "acknowledgements": []}),
    "pagerduty_acknowledged": _incidents(
        {
            **_INCIDENT,
            "status": "acknowledged",
            "acknowledgements": [{"at": "2026-03-01T04:10:00Z", "acknowledger": _USER}],
        }
    ),
    "pagerduty_acknowledged_by_a_program": _incidents(
        {
            **_INCIDENT,
            "status": "acknowledged",
            "acknowledgements": [{"at": "2026-03-01T04:10:00Z", "acknowledger": _SERVICE}],
        }
    ),
    "pagerduty_resolved_by_a_person": _incidents(
        {
            **_INCIDENT,
            "status": "resolved",
            "last_status_change_by": _USER,
            "last_status_change_at": "2026-03-01T05:00:00Z",
        }
    ),
    "pagerduty_resolved_by_us": _incidents(
        {
            **_INCIDENT,
            "status": "resolved",
            "last_status_change_by": _SERVICE,
            "last_status_change_at": "2026-03-01T05:00:00Z",
        }
    ),
    "pagerduty_401": _json({"error": {"message": "Invalid Token", "code": 2006}}, 401),
}


def _matrix_error(status: int, code: str, text: str, **more: Any) -> VendorAnswer:
    return _json({"errcode": code, "error": text, **more}, status)


MATRIX: Mapping[str, VendorAnswer] = {
    "matrix_stored": _json({"event_id": "$YUwRidLecu:example.org"}),
    "matrix_429": _matrix_error(429, "M_LIMIT_EXCEEDED", "Too many requests", retry_after_ms=2001),
    "matrix_429_header": (*_matrix_error(429, "M_LIMIT_EXCEEDED", "Too many requests")[:2], {"Retry-After": "7"}),
    "matrix_forbidden": _matrix_error(403, "M_FORBIDDEN", "You are not in the room"),
    "matrix_unknown_token": _matrix_error(401, "M_UNKNOWN_TOKEN", "Unrecognised access token", soft_logout=False),
    "matrix_too_large": _matrix_error(413, "M_TOO_LARGE", "event too large"),
    "matrix_unknown": _matrix_error(500, "M_UNKNOWN", "Internal server error"),
    "matrix_whoami": _json({"user_id": "@gov:example.org", "device_id": "ABC"}),
}

ANSWERS: Mapping[str, VendorAnswer] = {**SLACK, **TELEGRAM, **NTFY, **PUSHOVER, **PAGERDUTY, **MATRIX}
