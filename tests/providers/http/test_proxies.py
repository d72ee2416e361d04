"""Proxies and certificates: what companies put between an editor and a model."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.providers.asking import ask, failure, opened, reply, retries
from tests.providers.cases import end, say
from tests.providers.reading import seen
from tests.support.http_server import ScriptedServer, answered, streamed

pytestmark = pytest.mark.asyncio

HI = streamed(say("hi"), end())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that its owner signed himself, and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no program openssl: NO CERTIFICATE IS TESTED")
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=chatls-test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{path}.key", "-out", str(path)]
    subprocess.run([openssl, *options.split(), *names], check=True, capture_output=True, timeout=60)
    return path


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with ScriptedServer(context) as server:
        server.play(HI)
        yield server


async def test_a_certificate_that_nobody_vouches_for_is_named(encrypted: ScriptedServer) -> None:
    deltas = await ask(encrypted)
    error = failure(deltas)
    assert (error.kind, error.retryable, retries(deltas)) == ("network", False, [])
    assert "certificate that cannot be trusted: self" in error.message
    assert "SSL_CERT_FILE" in error.message
    assert encrypted.requests == []


async def test_a_certificate_that_the_environment_names_is_trusted(
    encrypted: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert seen(await ask(encrypted)).text == "hi"


async def test_a_file_without_certificates_that_the_environment_names_is_named(
    encrypted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "none.pem"
    for content in (None, "no certificate"):
        if content is not None:
            path.write_text(content)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        error = failure(await ask(encrypted))
        assert (error.kind, error.retryable) == ("bad_request", False)
        assert f"SSL_CERT_FILE names {path}, which holds no certificates" in error.message


def empty_context(**_: Any) -> ssl.SSLContext:
    """What is brought along, if that is nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def test_the_systems_certificates_are_trusted_beside_those_that_are_brought_along(
    encrypted: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSL takes the variable for the place of the system's store; what is brought along is nothing here.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr("ssl.create_default_context", empty_context)
    assert seen(await ask(encrypted)).text == "hi"


async def test_a_certificate_for_another_host_is_named(
    encrypted: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with opened(f"https://localhost:{encrypted.port}/v1") as provider:
        error = failure(await reply(provider))
    assert "certificate that cannot be trusted" in error.message
    assert "localhost" in error.message


async def test_a_proxy_that_is_not_there_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hidden@127.0.0.1:1")
    async with opened("https://models.example/v1") as provider:
        error = failure(await reply(provider))
    assert error.kind == "network"
    assert "models.example" in error.message
    assert "the proxy 127.0.0.1:1" in error.message
    assert "hidden" not in error.message


async def test_a_proxy_that_refuses_is_named_with_its_words(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    server.play(answered(b"who are you?", 407))
    async with opened("https://models.example/v1") as provider:
        error = failure(await reply(provider))
    assert server.requests[0].method == "CONNECT"
    assert (error.kind, error.retryable) == ("network", False)
    assert "407" in error.message
    assert f"the proxy 127.0.0.1:{server.port}" in error.message


async def test_a_host_that_is_asked_directly_has_no_proxy_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "no-such-host.invalid")
    async with opened("https://no-such-host.invalid/v1") as provider:
        error = failure(await reply(provider))
    assert "no such host" in error.message
    assert "proxy" not in error.message
