"""What refusals and broken connections mean, and what people are told."""

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.errors import ErrorKind
from chatls.providers.http.backoff import LONGEST_WAIT, asked_wait, pause
from chatls.providers.http.complaint import read_body, visible
from chatls.providers.http.faults import ProxyRefusalError, connection_error
from chatls.providers.http.status import Origin, http_error, stream_error
from tests.support.cases import for_each

TOO_LONG: ErrorKind = "context_window_exceeded"
SOURCE = Origin("work", "models.example:8080", "the environment variable WORK_KEY")


def refusal(status: int, body: Any, headers: dict[str, str] | None = None) -> Any:
    return http_error(SOURCE, status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def saying(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@for_each(
    ("status", "body", "kind"),
    [
        (401, b"", "unauthorized"),
        (400, saying("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT"), "unauthorized"),
        (403, saying("not allowed in your region"), "forbidden"),
        (403, saying("Your account has insufficient balance"), "quota_exceeded"),
        (402, b"", "quota_exceeded"),
        (400, saying("Your credit balance is too low to access the API"), "quota_exceeded"),
        (404, b"<html>", "not_found"),
        (500, saying("Insufficient balance, recharge first (1008)", type="api_error"), "quota_exceeded"),
        (
            400,
            saying("Access denied, please make sure your account is in good standing.", code="Arrearage"),
            "quota_exceeded",
        ),
        (403, saying("Key limit exceeded (total limit). Manage it in your settings"), "quota_exceeded"),
        (429, saying("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more"), "quota_exceeded"),
        (429, saying("Limit on tokens per day (TPD): Limit 100000. Try again in 7m12s"), "quota_exceeded"),
        (429, saying("Limit on tokens per min (TPM): Limit 30000. Try again in 7s"), "rate_limited"),
        (429, saying("Your prepayment credits are depleted.", status="RESOURCE_EXHAUSTED"), "quota_exceeded"),
        (429, saying("Request too large for m on tokens per min (TPM): Limit 30000, Requested 50000."), TOO_LONG),
        (400, saying("Total length of all messages exceeds the limit of 98304"), TOO_LONG),
        (400, saying("Prompt exceeds max length", code="1261"), TOO_LONG),
        (400, saying("Range of input length should be [1, 98304]"), TOO_LONG),
        (500, saying("the request exceeds the available context size"), TOO_LONG),
        (400, saying("Input is too long for requested model."), TOO_LONG),
        (413, b"<html>Request Entity Too Large</html>", TOO_LONG),
        (400, saying("x", code="model_not_found"), "not_found"),
        (400, saying("big-model is not a valid model ID: model big-model is not a valid model"), "not_found"),
        (400, saying("odd", type="invalid_request_error"), "bad_request"),
        (422, {"detail": [{"loc": ["body", "x"], "msg": "field required"}]}, "bad_request"),
        (413, b"", "context_window_exceeded"),
        (400, saying("x", code="context_length_exceeded"), "context_window_exceeded"),
        (500, saying("the request exceeds the available context size"), "context_window_exceeded"),
        (
            400,
            saying("This model's maximum prompt length is 131072 but the request has 537812"),
            "context_window_exceeded",
        ),
        (400, saying("x", code="content_filter"), "content_filtered"),
        (400, saying("The response was filtered due to our content management policy"), "content_filtered"),
        (429, b"", "rate_limited"),
        (429, saying("You exceeded your current quota, check billing", code="insufficient_quota"), "quota_exceeded"),
        (429, saying("You exceeded your current quota, check billing"), "quota_exceeded"),
        (429, saying("You exceeded your current quota", status="RESOURCE_EXHAUSTED", code=429), "rate_limited"),
        (429, saying("余额不足或无可用资源包", code="1113"), "quota_exceeded"),
        (429, saying("x", details={"error_code": "enforced_spend_limit_reached"}), "quota_exceeded"),
        (408, b"", "timeout"),
        (504, b"", "timeout"),
        (500, saying("models not found in pool"), "overloaded"),
        (503, b"", "overloaded"),
        (529, saying("Overloaded", type="overloaded_error"), "overloaded"),
        (418, b"", "bad_request"),
    ],
)
def test_a_refusal_has_a_kind(status: int, body: Any, kind: ErrorKind) -> None:
    assert refusal(status, body).kind == kind


def test_what_cannot_be_mended_by_asking_again_is_not_asked_again_whatever_the_server_advises() -> None:
    again = {"x-should-retry": "true", "retry-after": "1"}
    for status, body in [
        (401, b""),
        (403, b""),
        (402, b""),
        (429, saying("x", code="insufficient_quota")),
        (400, saying("x", code="context_length_exceeded")),
    ]:
        assert not refusal(status, body, again).retryable
    assert refusal(400, b"", again).retryable
    assert not refusal(529, b"", {"x-should-retry": "false"}).retryable


@for_each(
    ("value", "kind"),
    [
        (saying("x", type="overloaded_error"), "overloaded"),
        (saying("x", type="rate_limit_error"), "rate_limited"),
        (saying("x", code=429), "rate_limited"),
        (saying("x", code="503"), "overloaded"),
        (saying("x", status_code=400), "bad_request"),
        (saying("prompt is too long: 3 tokens > 2 maximum"), "context_window_exceeded"),
        (saying("who knows"), "overloaded"),
        ("just words", "overloaded"),
        ([saying("x", code=401)], "unauthorized"),
        (None, "overloaded"),
    ],
)
def test_an_error_inside_a_stream_has_a_kind(value: Any, kind: ErrorKind) -> None:
    assert stream_error(SOURCE, value).kind == kind


def test_people_are_told_who_said_what_and_what_to_do() -> None:
    error = refusal(401, saying("Incorrect API key provided."))
    assert str(error) == (
        'work (models.example:8080) does not accept the key (HTTP 401): "Incorrect API key provided." '
        "Check the environment variable WORK_KEY."
    )
    assert (error.provider, error.http_status, error.retryable) == ("work", 401, False)


def test_where_no_key_was_sent_none_is_said_to_be_wrong() -> None:
    error = http_error(Origin("work", "models.example", key=""), 401, {}, b'{"error": "No API key provided"}')
    assert str(error) == (
        'work (models.example) wants a key, and none was sent (HTTP 401): "No API key provided". '
        "Name one: api_key_env or api_key_command of 'work' in the settings."
    )


def test_a_server_that_does_not_run_is_to_be_started_by_its_own_command() -> None:
    source = Origin("ollama", "127.0.0.1:11434", start="ollama serve")
    assert str(connection_error(source, ConnectionRefusedError(111, "no"), 10)) == (
        "ollama (127.0.0.1:11434) is not running. Start it: ollama serve"
    )
    through = str(connection_error(source, ConnectionRefusedError(111, "no"), 10, "proxy:1"))
    assert "Start it" not in through


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": "plain"}', "plain"),
        (b'{"error": {"message": "inner"}, "message": "outer"}', "inner"),
        (b'{"message": "outer"}', "outer"),
        (b'{"detail": "why"}', "why"),
        (b'{"detail": [{"loc": ["body", "x"], "msg": "bad"}]}', "body.x: bad"),
        (b'{"error": {"message": "bad", "param": "tools"}}', "tools: bad"),
        (b'{"error": {"message": "bad tools", "param": "tools"}}', "bad tools"),
        (
            b'{"error": {"message": "Provider returned error", "metadata": {"raw": "why"}}}',
            "Provider returned error: why",
        ),
        (b'[{"error": {"message": "in a list"}}]', "in a list"),
        (b"plain words", "plain words"),
        (b"<html>no</html>", ""),
        (b'"a string"', "a string"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_servers_words_are_found_in_any_shape(body: bytes, text: str) -> None:
    assert read_body(body).text == text


def test_a_servers_words_are_made_harmless() -> None:
    assert visible("a\r\n\tb\x00\x1b]0;x\x07\u202e\u2028\u00a0\ud800") == "a b\\x00\\x1b]0;x\\x07\\u202e \ufffd"
    assert len(visible("x" * 1000)) == 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "message", "detail", "code", "type", "loc", "details"]), inner)
        ),
    ),
    st.integers(400, 599),
)
def test_no_body_whatever_confuses_it(value: Any, status: int) -> None:
    assert str(refusal(status, value)).isprintable()
    assert str(stream_error(SOURCE, value)).isprintable()


def test_how_long_to_wait_is_read_from_headers_and_bodies() -> None:
    assert asked_wait({"retry-after-ms": "1500", "retry-after": "9"}) == 1.5
    assert asked_wait({"retry-after": "2.5"}) == 2.5
    assert asked_wait({"retry-after": "0"}) == 0
    for nothing in ({}, {"retry-after": "-1"}, {"retry-after": "nan"}, {"retry-after": "soon"}):
        assert asked_wait(nothing) is None
    soon = asked_wait({"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)})
    assert soon is not None
    assert 20 < soon <= 30
    assert asked_wait({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) is None
    assert asked_wait({"retry-after": "Wed, 21 Oct 2099 07:28:00"}) is not None
    google = saying("x", details=[{"@type": "google.rpc.RetryInfo", "retryDelay": "12.5s"}])
    assert refusal(429, google).retry_after == 12.5
    assert refusal(429, google, {"retry-after": "3"}).retry_after == 3


def test_a_wait_is_read_from_words_where_no_header_can_be() -> None:
    value = {
        "type": "response.failed",
        "response": {"error": saying("Slow down. Please try again in 1m6.5s.")["error"]},
    }
    assert stream_error(SOURCE, value).retry_after == 66.5
    assert refusal(429, saying("Retry after 20 seconds."), {"retry-after": "3"}).retry_after == 3
    assert refusal(429, saying("Please try again later")).retry_after is None


def test_a_quota_of_the_day_is_told_by_its_name_though_a_short_wait_is_named() -> None:
    def exceeded(quota: str) -> Any:
        details = [{"violations": [{"quotaId": quota}]}, {"@type": "RetryInfo", "retryDelay": "1s"}]
        words = "You exceeded your current quota, please check your plan and billing details."
        return refusal(429, saying(words, status="RESOURCE_EXHAUSTED", details=details))

    day, minute = exceeded("GenerateRequestsPerDayPerProjectPerModel"), exceeded("GenerateRequestsPerMinutePerProject")
    assert (day.kind, day.retryable) == ("quota_exceeded", False)
    assert (minute.kind, minute.retryable, minute.retry_after) == ("rate_limited", True, 1)


def test_pauses_grow_to_eight_seconds_and_are_cut_by_luck() -> None:
    assert [pause(attempt, None, 1.0) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert pause(3, None, 0.5) == 1
    assert pause(1, LONGEST_WAIT, 0) == LONGEST_WAIT
    assert pause(1, LONGEST_WAIT + 1, 0) is None


@for_each(
    ("cause", "kind", "retryable", "words"),
    [
        (socket.gaierror(-2, "no"), "network", True, "no such host"),
        (ConnectionRefusedError(111, "no"), "network", True, "Is the server running?"),
        (TimeoutError(), "timeout", True, "within 10 s"),
        (OSError(101, "unreachable"), "network", True, "from here"),
        (ssl.SSLCertVerificationError(1, "x"), "network", False, "certificate"),
        (ssl.SSLError(1, "x"), "network", False, "TLS"),
        (ConnectionResetError(104, "x"), "network", True, "without an answer"),
        (ProxyRefusalError("407 Proxy Authentication Required"), "network", False, "407"),
        (ExceptionGroup("many", [ConnectionRefusedError(111, "no")]), "network", True, "running"),
    ],
)
def test_the_cause_below_decides_what_a_broken_connection_means(
    cause: Exception, kind: ErrorKind, retryable: bool, words: str
) -> None:
    misleading = ConnectionError("what some make of everything")
    misleading.__cause__ = cause
    error = connection_error(SOURCE, misleading, 10.0)
    assert (error.kind, error.retryable, words in str(error)) == (kind, retryable, True)
    assert "models.example:8080" in str(error)


def test_a_handshake_that_was_cut_short_by_the_limit_is_a_timeout() -> None:
    late = TimeoutError()
    late.__context__ = ssl.SSLWantReadError(2, "more")
    assert connection_error(SOURCE, late, 10.0).kind == "timeout"
