"""What a server's refusal means (rate limit, quota, bad key): an HTTP status and its body, or an error object inside a
stream, as a `ProviderError`.

Pure; knows no provider by name.
"""

import re
from collections.abc import Mapping
from typing import Any

from chatls import jsontext
from chatls.errors import ErrorKind, ProviderError
from chatls.providers.http.backoff import asked_wait
from chatls.providers.http.complaint import Complaint, read_body, read_value, visible
from chatls.values import dataclass

_RETRYABLE: tuple[ErrorKind, ...] = ("rate_limited", "overloaded", "timeout")
_NEVER: tuple[ErrorKind, ...] = ("unauthorized", "forbidden", "quota_exceeded", "context_window_exceeded")
"""Asking again cannot help, whatever the server advises."""

_WORDS: dict[ErrorKind, tuple[str, str]] = {
    "unauthorized": ("does not accept the key", "Check {key}."),
    "forbidden": ("refuses access", "Check what {key} may be used for."),
    "not_found": ("does not know this model or address", "Check the model's name and base_url."),
    "bad_request": ("refused the request", ""),
    "context_window_exceeded": ("cannot take so much text", "Begin a new session, or attach less."),
    "rate_limited": ("asks to slow down", ""),
    "quota_exceeded": ("has no credit left for this key", "Check plan and billing there."),
    "overloaded": ("cannot answer just now", ""),
    "timeout": ("gave up waiting for the model", ""),
    "bad_response": ("could not make sense of what the model wrote", ""),
    "content_filtered": ("refused the content", "Put it differently."),
}

_KEYLESS = ("wants a key, and none was sent", "Name one: api_key_env or api_key_command of {name!r} in the settings.")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_CODES: dict[str, ErrorKind] = {
    "context_length_exceeded": "context_window_exceeded",
    "context_window_exceeded": "context_window_exceeded",
    "exceed_context_size_error": "context_window_exceeded",
    "request_too_large": "context_window_exceeded",
    "insufficient_quota": "quota_exceeded",
    "insufficient_user_quota": "quota_exceeded",
    "arrearage": "quota_exceeded",
    "insufficient_credits": "quota_exceeded",
    "insufficient_balance": "quota_exceeded",
    "billing_error": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "billing_not_active": "quota_exceeded",
    "enforced_spend_limit_reached": "quota_exceeded",
    "content_filter": "content_filtered",
    "content_policy_violation": "content_filtered",
    "responsibleaipolicyviolation": "content_filtered",
    "model_not_found": "not_found",
    "model_decommissioned": "not_found",
    "deploymentnotfound": "not_found",
    "invalid_api_key": "unauthorized",
    "api_key_invalid": "unauthorized",
    "authentication_error": "unauthorized",
    "unauthenticated": "unauthorized",
    "permission_error": "forbidden",
    "permission_denied": "forbidden",
    "not_found_error": "not_found",
    "not_found": "not_found",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "rate_limit_reached": "rate_limited",
    "resource_exhausted": "rate_limited",
    "overloaded_error": "overloaded",
    "overloaded": "overloaded",
    "unavailable": "overloaded",
    "service_unavailable": "overloaded",
    "timeout_error": "timeout",
    "deadline_exceeded": "timeout",
    "api_error": "overloaded",
    "server_error": "overloaded",
    "internal_server_error": "overloaded",
    "tool_use_failed": "bad_response",
    "image_content_policy_violation": "content_filtered",
    "invalid_prompt": "bad_request",
    "invalid_image": "bad_request",
    "invalid_image_format": "bad_request",
    "invalid_base64_image": "bad_request",
    "image_too_large": "bad_request",
    "image_file_too_large": "bad_request",
    "unsupported_image_media_type": "bad_request",
    "invalid_request_error": "bad_request",
    "invalid_argument": "bad_request",
}
"""What servers call their errors (`code`, `type`, `status`), in lower case."""

_PHRASES: dict[ErrorKind, re.Pattern[str]] = {
    "context_window_exceeded": _any_of(
        r"context[ _-]?(length|window|size|limit)|maximum (context|prompt) length|exceeded (the )?model token limit",
        r"(prompt|input) (is )?too long|input tokens? exceed|token count.{0,40}exceeds|maximum number of tokens",
        r"reduce the length|too many (input )?tokens|more than max tokens|tokens.{0,40}must be <=",
        r"total length of (all )?messages|context overflow|tokens must be reduced|range of input length",
        r"\b(prompt|input|messages?|conversation|request)\b.{0,40}\b(exceeds?|exceeded|(long|larg|great)er than|over)\b"
        r".{0,30}\b(max\w*|limit|length|context|size|allowed|tokens)\b",
        r"max_(model|seq|prompt|input)_(len\w*|tokens)|input (length|is too long)",
        r"\b(request|payload|body|prompt|entity)\b.{0,20}\btoo (large|long|big)\b",
    ),
    "quota_exceeded": _any_of(
        r"insufficient (quota|credit|balance|funds)|credit balance|(out of|no|any|more) credits|payment required",
        r"exceeded your current quota|spend(ing)? limit|billing hard limit|usage limit",
        r"credits? ((is|are|was|were|limit|have been|has been) )?(depleted|exhausted|used up|reached|exceeded)",
        r"(more|enough|add|purchase|buy).{0,20}credits|(account|your).{0,20}(balance|good standing|arrears)",
        r"balance.{0,20}(too low|not enough|exhausted|insufficient)|余额(不足|已用尽|耗尽)|欠费",
        r"(key|monthly|weekly|usage) (limit|quota|cap|allowance).{0,20}(exceeded|reached|exhausted)",
    ),
    "content_filtered": _any_of(r"content (management|filter|moderation|policy)|(input|prompt) (was|is) flagged"),
    "unauthorized": _any_of(
        r"(invalid|incorrect|expired|missing|no) (x-)?api[ _-]?key|api[ _-]?key.{0,40}(not valid|invalid|expired)",
    ),
    "not_found": _any_of(
        r"\bmodels?\b.{0,60}(not exist|not found|not available|is not a valid|decommissioned|deprecated|was removed)",
        r"(invalid|unknown|no such) model|model identifier is invalid",
    ),
}
"""What servers say where their code tells nothing; read for statuses that leave it open."""

_SURE: tuple[ErrorKind, ...] = ("context_window_exceeded", "quota_exceeded")
"""Kinds whose words hold also behind a 500."""

_PER_DAY = re.compile(r"per[ _-]?(day|week|month)\b|PerDay|\b(daily|weekly|monthly)\b|\b[TR]PD\b", re.IGNORECASE)
_NEVER_FITS = re.compile(r"\brequest too large\b|tokens must be reduced|\brequest is too (large|big)\b", re.IGNORECASE)
_QUOTA = re.compile(r"exceeded your current quota[^.*]*", re.IGNORECASE)
"""What Google says of the rate, too."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom an error is about, as people know it."""

    name: str
    """The provider's name in the settings."""
    host: str
    """Host, and port where it is not the usual one."""
    key: str = "the key"
    """Where the key comes from: "the environment variable WORK_API_KEY"; "" if none is sent."""
    start: str = ""
    """The command that starts it, where that is known."""

    def error(self, kind: ErrorKind, what: str, *, retryable: bool = False, status: int | None = None) -> ProviderError:
        """An error that begins with who and where: "work (host) closed the connection"."""
        text = f"{self.name} ({self.host}) {what}"
        return ProviderError(kind, text, retryable=retryable, provider=self.name, http_status=status)


def http_error(source: Origin, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What a status from 400 on means. `headers` by lower-case name."""
    complaint = read_body(body)
    asked = asked_wait(headers)
    complaint.wait = complaint.wait if asked is None else asked
    complaint.request_id = headers.get("x-request-id") or headers.get("request-id") or complaint.request_id
    kind = _kind(status, complaint)
    advised = {"true": True, "false": False}.get(headers.get("x-should-retry", ""))
    retryable = kind in _RETRYABLE or status in (408, 409) if advised is None else advised and kind not in _NEVER
    return _error(source, kind, complaint, status, retryable=retryable)


def stream_error(source: Origin, value: Any) -> ProviderError:
    """What an error object inside a reply with status 200 means; `value` is the whole JSON value that holds it."""
    complaint = read_value(value)
    kind = _kind(complaint.status, complaint)
    return _error(source, kind, complaint, None, retryable=kind in _RETRYABLE)


def parsed(source: Origin, data: str, halves: jsontext.Halves | None = None) -> Any:
    """The JSON value of an event. `halves`: of the reply's earlier events (`jsontext.loads_leniently`).

    Raises `ProviderError` (bad_response) if it is none.
    """
    try:
        return jsontext.loads_leniently(data, halves=halves)
    except ValueError as error:
        what = f"sent an event that is no JSON: {visible(data, 100)}"
        raise source.error("bad_response", what, retryable=True) from error


def _error(
    source: Origin, kind: ErrorKind, complaint: Complaint, status: int | None, *, retryable: bool
) -> ProviderError:
    what, advice = _WORDS.get(kind, ("failed", ""))
    if kind == "unauthorized" and not source.key:
        what, advice = _KEYLESS
    said = visible(complaint.text)
    text = f"{source.name} ({source.host}) {what}"
    text += f" (HTTP {status})" if status else ""
    text += f': "{said}"' if said else ""
    text += " " if text.endswith('."') else ". "
    return ProviderError(
        kind,
        (text + advice.format(key=source.key or "the account", name=source.name)).strip(),
        retryable=retryable,
        retry_after=complaint.wait,
        provider=source.name,
        http_status=status,
        request_id=visible(complaint.request_id, 100) if complaint.request_id else None,
    )


def _kind(status: int | None, complaint: Complaint) -> ErrorKind:
    match status:
        case 401:
            return "unauthorized"
        case 402:
            return "quota_exceeded"
        case 413:
            return "context_window_exceeded"
        case 429:
            return _of_the_rate(complaint)
        case _:
            return _by_words(complaint, status) or _by_status(status)


def _of_the_rate(complaint: Complaint) -> ErrorKind:
    """What too many requests may be, too: no credit, no quota before tomorrow, or a request that never fits."""
    if _out_of_credit(complaint) or _PER_DAY.search(" ".join((complaint.text, *complaint.limits))):
        return "quota_exceeded"
    return "context_window_exceeded" if _NEVER_FITS.search(complaint.text) else "rate_limited"


def _out_of_credit(complaint: Complaint) -> bool:
    """Google speaks of the quota where it means the rate, and says when to come back."""
    if any(_CODES.get(code) == "quota_exceeded" for code in complaint.codes):
        return True
    said = complaint.text
    if "resource_exhausted" in complaint.codes:
        said = _QUOTA.sub("", said)
    return bool(_PHRASES["quota_exceeded"].search(said))


def _by_words(complaint: Complaint, status: int | None) -> ErrorKind | None:
    known: list[ErrorKind] = [_CODES[code] for code in complaint.codes if code in _CODES]
    special: list[ErrorKind] = [kind for kind in known if kind not in ("bad_request", "overloaded", "not_found")]
    if special:
        return _of_the_rate(complaint) if special[0] == "rate_limited" else special[0]
    phrase = _phrase(complaint.text)
    if phrase is not None and (status is None or status < 500 or phrase in _SURE):
        # 403 and 404 say enough, unless it is about credit, content or length.
        return phrase if status not in (403, 404) or phrase not in ("unauthorized", "not_found") else None
    return known[0] if known and (status is None or status == 400) else None


def _phrase(text: str) -> ErrorKind | None:
    for kind, pattern in _PHRASES.items():
        if pattern.search(text):
            return kind
    return None


def _by_status(status: int | None) -> ErrorKind:
    match status:
        case 403:
            return "forbidden"
        case 404:
            return "not_found"
        case 408 | 504 | 524:
            return "timeout"
        case 409 | None:
            return "overloaded"
        case _:
            return "overloaded" if status >= 500 else "bad_request"
