"""From a name in the settings to a provider: addresses, keys, and what is said where one is missing."""

import subprocess
import sys
from typing import Any

import anyio
import pytest

from chatls.errors import ProviderError, RequestError, SettingsError
from chatls.providers import open_provider
from chatls.providers.http.endpoint import find_endpoint
from chatls.providers.http.keys import ApiKey, Blotter
from chatls.providers.known.catalog import BUILT, KNOWN, kind_of
from chatls.settings.config import ProviderSettings, Settings
from tests.providers.asking import HELLO, PATIENCE, failure, opened, reply
from tests.providers.cases import end, say
from tests.providers.reading import seen
from tests.support.http_server import ScriptedServer, answered, streamed


def settings(**providers: Any) -> Settings:
    return Settings.model_validate({"providers": providers})


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_every_known_server_opens_with_its_key_alone() -> None:
    for entry in KNOWN:
        for variable in entry.key_variables or ("NONE",):
            own = {} if entry.base_url else {entry.name: {"baseUrl": "https://x.example/openai/v1"}}
            provider = open_provider(entry.name, settings(**own), {variable: "k" * 20})
            assert provider.name == entry.name
            assert provider.local == (not entry.key_variables)


@pytest.mark.parametrize("kind", [kind for kind in BUILT if kind not in ("local", "scripted")])
def test_every_kind_opens_at_an_address(kind: str) -> None:
    provider = open_provider("work", settings(work={"kind": kind, "baseUrl": "http://127.0.0.1:1"}), {})
    assert (provider.name, provider.local) == ("work", True)


def test_a_known_name_at_another_address_speaks_what_gateways_speak() -> None:
    assert kind_of("openai", settings(openai={"baseUrl": "https://gateway.example/v1"})) == "openai_chat"
    assert kind_of("openai", settings(openai={"baseUrl": "https://api.openai.com/v1"})) == "openai_responses"
    assert kind_of("anthropic", settings(anthropic={"baseUrl": "https://gateway.example"})) == "anthropic"
    assert kind_of("openai", settings(openai={"kind": "openai_chat"})) == "openai_chat"


def test_a_known_name_for_a_server_of_another_kind_is_just_a_name() -> None:
    with pytest.raises(SettingsError, match="base_url"):
        find_endpoint("gemini", ProviderSettings(kind="ollama"), {})


def test_azure_has_an_address_for_everybody_and_a_header_of_its_own() -> None:
    with pytest.raises(SettingsError, match="base_url"):
        find_endpoint("azure", ProviderSettings(), {"AZURE_OPENAI_API_KEY": "k" * 20})
    own = ProviderSettings(base_url="https://x.openai.azure.com/openai/v1")
    endpoint = find_endpoint("azure", own, {"AZURE_OPENAI_API_KEY": "k" * 20})
    assert endpoint.key is not None
    assert endpoint.key_header == ("api-key", "")


def test_the_first_of_several_variables_that_holds_a_key_counts() -> None:
    environment = {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "g" * 20}
    key = find_endpoint("gemini", ProviderSettings(), environment).key
    assert key is not None
    assert key.hint == "the environment variable GOOGLE_API_KEY"
    with pytest.raises(RequestError, match="GEMINI_API_KEY or GOOGLE_API_KEY"):
        find_endpoint("gemini", ProviderSettings(), {})


def run_python(program: str) -> str:
    """What a program prints, in an interpreter of its own."""
    return subprocess.run(python(program), capture_output=True, text=True, timeout=60, check=True).stdout


def test_an_adapter_is_loaded_when_it_is_first_used() -> None:
    loaded = "print(*sorted({m.removeprefix('chatls.providers.') for m in sys.modules} & set(names)))"
    places = {"local": "local.provider", "scripted": "scripted.player"}
    names = (*(places.get(kind, kind) for kind in BUILT), "http.server", "http.client")
    program = f"import sys, chatls.lsp.main\nnames = {names!r}\n{loaded}\n"
    assert run_python(program).split() == []
    program += f"from chatls.providers import preload\npreload('gemini')\n{loaded}"
    assert run_python(program).split() == ["gemini", "http.client", "http.server"]


def test_a_name_is_enough_to_know_which_adapter() -> None:
    assert open_provider("local", Settings(), {}).local


def test_a_missing_key_names_the_variable() -> None:
    for environment in ({}, {"OPENAI_API_KEY": "  "}):
        with pytest.raises(RequestError) as refused:
            open_provider("openai", Settings(), environment)
        assert refused.value.code[:2] == (1004, "unauthorized")
        assert "OPENAI_API_KEY" in str(refused.value)


def test_which_key_is_sent_can_be_told_and_how_a_known_server_is_started() -> None:
    def told(name: str, own: dict[str, Any], **environment: str) -> tuple[str, str]:
        endpoint = find_endpoint(name, ProviderSettings.model_validate(own), environment)
        return endpoint.sent, endpoint.start

    address = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1"}
    assert told("work", address) == ("", "")
    assert told("work", {**address, "headers": {"X-Api-Key": "secret"}}) == ("the header X-Api-Key of the settings", "")
    assert told("groq", {}, GROQ_API_KEY="secret") == ("the environment variable GROQ_API_KEY", "")
    assert told("ollama", {}) == ("", "ollama serve")


@pytest.mark.parametrize(
    ("name", "near"), [("opnai", "'openai'"), ("lokal", "'local'"), ("wrok", "'work'"), ("zzz", "groq")]
)
def test_an_unknown_name_is_answered_with_the_nearest_one(name: str, near: str) -> None:
    with pytest.raises(RequestError) as refused:
        open_provider(name, settings(work={"kind": "scripted", "script": "x"}), {})
    assert refused.value.code[:2] == (1005, "not_found")
    assert near in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host/v1",
        "127.0.0.1:8000",
        "http://",
        "http://user:secret@host/v1",
        "https://host/v1?key=secret",
        "http://[x",
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_secrets(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        open_provider("work", settings(work={"kind": "openai_chat", "baseUrl": address}), {})
    assert "base_url" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_needs_an_address_and_a_kind() -> None:
    with pytest.raises(SettingsError, match="base_url"):
        open_provider("work", settings(work={"kind": "openai_chat"}), {})
    with pytest.raises(SettingsError, match="kind"):
        open_provider("work", settings(work={"baseUrl": "http://127.0.0.1:1"}), {})


def test_a_header_that_cannot_be_sent_is_named_without_its_value() -> None:
    for headers in ({"X-A": "secret\nX-B: c"}, {"X-A": "secrét"}, {"X A\n": "secret"}):
        with pytest.raises(SettingsError) as refused:
            open_provider("work", settings(work={"kind": "openai_chat", "baseUrl": "http://h", "headers": headers}), {})
        assert "secr" not in str(refused.value)


def test_the_key_of_a_known_server_goes_to_no_other_address() -> None:
    environment = {"OPENAI_API_KEY": "k" * 20, "OTHER": "o" * 20}
    elsewhere = ProviderSettings(base_url="https://gateway.example/v1")
    assert find_endpoint("openai", elsewhere, environment).key is None
    named = ProviderSettings(base_url="https://gateway.example/v1", api_key_env="OTHER")
    key = find_endpoint("openai", named, environment).key
    assert key is not None
    assert key.known == ("o" * 20,)
    same = ProviderSettings(base_url="https://api.openai.com/v1")
    assert find_endpoint("openai", same, environment).key is not None


def test_a_header_of_ones_own_can_stand_for_the_key() -> None:
    for name, header in {"openai": "Authorization", "anthropic": "X-Api-Key", "gemini": "x-goog-api-key"}.items():
        assert find_endpoint(name, ProviderSettings(headers={header: "abc"}), {}).key is None


def test_secrets_are_blotted_out_longest_first_and_words_are_not() -> None:
    blotter = Blotter(["abcdef", "abcdefghi", "the"])
    assert blotter.clean("the abcdefghi and abcdef") == "the [key] and [key]"


@pytest.mark.asyncio
async def test_a_command_prints_the_key_once(server: ScriptedServer, tmp_path: Any) -> None:
    runs = tmp_path / "runs"
    command = python(
        f"open({str(runs)!r}, 'a').write('x'); print('printed-key-123'); import sys; print('n', file=sys.stderr)"
    )
    server.play(streamed(say("hi"), end()))
    async with opened(server.url, key="", apiKeyCommand=command) as provider:
        assert seen(await reply(provider)).text == "hi"
        assert seen(await reply(provider)).text == "hi"
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer printed-key-123"] * 2
    assert runs.read_text() == "x"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (python("print('secret-output'); raise SystemExit(3)"), "exit code 3"),
        (python("pass"), "printed nothing"),
        (["/no/such/program"], "cannot be started"),
        (python("print('schlüssel-secret')"), "no request can carry"),
    ],
)
async def test_a_command_that_fails_says_so_without_its_output(command: list[str], words: str) -> None:
    async with opened("http://127.0.0.1:1", key="", apiKeyCommand=command) as provider:
        error = failure(await reply(provider))
    assert (error.kind, words in error.message, "secret" in error.message) == ("unauthorized", True, False)


@pytest.mark.asyncio
async def test_what_a_command_leaves_behind_is_not_waited_for() -> None:
    sleeper = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    program = f"import subprocess, sys; {sleeper}; print('key-from-it')"
    with anyio.fail_after(PATIENCE):
        assert await ApiKey("the command", command=tuple(python(program))).get() == "key-from-it"


@pytest.mark.asyncio
async def test_a_key_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(ProviderError) as refused:
        await ApiKey("the environment variable X", "se\ncret").get()
    assert "cret" not in str(refused.value)


@pytest.mark.asyncio
async def test_a_server_without_a_key_is_asked_without_one(server: ScriptedServer) -> None:
    server.play(answered({"error": "who are you"}, 401))
    async with opened(server.url, key="") as provider:
        await reply(provider, HELLO)
    assert "authorization" not in server.requests[0].headers
