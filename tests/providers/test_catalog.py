"""Which model answers where nothing, or not everything, is set."""

import json
from typing import Any

import pytest

from chatls.config import Settings
from chatls.errors import RequestError, SettingsError
from chatls.providers.catalog import KNOWN, Choice, available, choose, named_choice
from chatls.providers.loopback import find_llamacpp
from tests.support.http_server import Hang, Raw, Reply, Request, ScriptedServer, answered

pytestmark = pytest.mark.asyncio

LLAMACPP = {"object": "list", "data": [{"id": "qwen3-8b.gguf", "object": "model", "owned_by": "llamacpp"}]}
LMSTUDIO = {
    "data": [
        {"id": "nomic-embed", "type": "embeddings", "state": "loaded"},
        {"id": "big", "type": "llm", "state": "not-loaded"},
        {"id": "seeing", "type": "vlm", "state": "loaded"},
    ]
}
NOWHERE = "http://127.0.0.1:1/v1"


def settings(
    model: str | None = None, *, llamacpp: str = NOWHERE, lmstudio: str = NOWHERE, **providers: Any
) -> Settings:
    """Settings in which the servers of this machine, if there are any, are left alone."""
    local = {"llamacpp": {"baseUrl": llamacpp}, "lmstudio": {"baseUrl": lmstudio}}
    return Settings.model_validate({"model": model, "providers": {**local, **providers}})


def answers(server: ScriptedServer, path: str, reply: Reply) -> None:
    def answer(request: Request) -> Reply:
        return reply if request.path == path else answered({}, 404)

    server.answer(answer)


async def test_a_key_in_the_environment_decides_in_the_catalogues_order() -> None:
    choice = await choose(settings(), {"GROQ_API_KEY": "k", "MISTRAL_API_KEY": "k"})
    assert (choice.provider, choice.model) == ("groq", "openai/gpt-oss-120b")
    assert "GROQ_API_KEY" in choice.reason
    for entry in KNOWN:
        if entry.key_variable and entry.automatic:
            assert (await choose(settings(), {entry.key_variable: "k"})).provider == entry.name


async def test_a_blank_key_or_one_for_other_purposes_decides_nothing() -> None:
    choice = await choose(settings(), {"OPENAI_API_KEY": " ", "GITHUB_TOKEN": "k"})
    assert choice.provider == "local"


async def test_a_known_provider_with_another_address_is_not_chosen_unasked() -> None:
    elsewhere = settings(openai={"baseUrl": "https://gateway.example/v1"})
    assert (await choose(elsewhere, {"OPENAI_API_KEY": "k"})).provider == "local"


async def test_llamacpp_is_asked_what_it_is_before_it_is_chosen(server: ScriptedServer) -> None:
    answers(server, "/v1/models", answered(LLAMACPP))
    choice = await choose(settings(llamacpp=server.url + "/v1"), {})
    assert (choice.provider, choice.model) == ("llamacpp", "qwen3-8b.gguf")
    assert f"127.0.0.1:{server.port}" in choice.reason
    assert {request.method for request in server.requests} == {"GET"}
    assert all("authorization" not in request.headers for request in server.requests)


async def test_llamacpp_is_known_by_its_server_header_too(server: ScriptedServer) -> None:
    answers(server, "/v1/models", answered({"data": [{"id": "m"}]}, headers={"Server": "llama.cpp"}))
    assert (await choose(settings(llamacpp=server.url), {})).provider == "llamacpp"


async def test_lm_studio_offers_a_model_that_is_loaded(server: ScriptedServer) -> None:
    answers(server, "/api/v0/models", answered(LMSTUDIO))
    choice = await choose(settings(lmstudio=server.url + "/v1"), {})
    assert (choice.provider, choice.model) == ("lmstudio", "seeing")


@pytest.mark.parametrize(
    "reply",
    [
        answered({"data": [{"id": "m", "owned_by": "somebody"}]}),
        answered({"data": [{"id": 7, "owned_by": "llamacpp"}]}),
        answered({"data": []}),
        answered([1]),
        answered(b"<html>"),
        answered(LLAMACPP, 500),
        [Hang()],
        [Raw(b"\x00\x01")],
    ],
    ids=["another", "no name", "no model", "no object", "no json", "broken", "mute", "no http"],
)
async def test_who_does_not_say_what_it_is_is_not_chosen(server: ScriptedServer, reply: Reply) -> None:
    server.play([*reply, Hang()])
    choice = await choose(settings(llamacpp=server.url), {})
    assert (choice.provider, choice.model) == ("local", "smollm2-135m")
    assert "demonstration" in choice.reason


async def test_only_this_machine_is_searched(server: ScriptedServer) -> None:
    server.play(answered(LLAMACPP))
    assert await find_llamacpp(server.url) is not None
    assert await find_llamacpp(f"http://0.0.0.0:{server.port}") is None
    assert await find_llamacpp("http://models.example:8080/v1") is None
    assert await find_llamacpp("https://127.0.0.1:8080/v1") is None
    assert await find_llamacpp("http://127.0.0.1:99999/v1") is None


async def test_a_provider_that_is_set_up_and_needs_nothing_is_better_than_the_embedded_model() -> None:
    own = settings(demo={"kind": "scripted", "script": "x"})
    choice = await choose(own, {})
    assert (choice.provider, choice.model) == ("demo", "script")


async def test_all_that_could_be_asked_is_available(server: ScriptedServer) -> None:
    answers(server, "/v1/models", answered(LLAMACPP))
    own = settings(llamacpp=server.url, work={"kind": "openai_chat", "baseUrl": NOWHERE}, later={"kind": "gemini"})
    names = await available(own, {"XAI_API_KEY": "k"})
    assert names == ("llamacpp", "lmstudio", "work", "xai", "local")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("openai/gpt-x", ("openai", "gpt-x")),
        ("openrouter/anthropic/claude", ("openrouter", "anthropic/claude")),
        ("openai", ("openai", "gpt-5.4")),
        ("openai/", ("openai", "gpt-5.4")),
        ("local", ("local", "smollm2-135m")),
        ("own", ("own", "qwen")),
        ("demo", ("demo", "script")),
    ],
)
async def test_a_model_is_named_behind_the_first_slash(named: str, expected: tuple[str, str]) -> None:
    own = settings(own={"kind": "local", "modelPath": "/m/qwen.gguf"}, demo={"kind": "scripted", "script": "x"})
    choice = named_choice(named, own)
    assert (choice.provider, choice.model) == expected
    assert isinstance(choice, Choice)


async def test_a_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(RequestError) as refused:
        named_choice("opnai/x", settings())
    assert refused.value.code == 1005
    with pytest.raises(RequestError, match="which model of work"):
        named_choice("work", settings(work={"kind": "openai_chat", "baseUrl": NOWHERE}))
    with pytest.raises(SettingsError, match="openai_chat"):
        named_choice("anthropic/claude", settings())


async def test_every_entry_can_be_written_down() -> None:
    assert json.dumps([entry.base_url for entry in KNOWN])
    assert len({entry.name for entry in KNOWN}) == len(KNOWN)
