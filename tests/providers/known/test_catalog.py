"""Which servers are known, and which model answers where nothing, or not everything, is set."""

import json
from typing import Any

import pytest

from chatls.errors import RequestError, SettingsError
from chatls.providers.known.catalog import KNOWN
from chatls.providers.known.choice import Chosen, available, choose, likely_kind, named_choice, only_model
from chatls.providers.known.loopback import find_llamacpp, find_ollama
from chatls.settings.config import Settings
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
OLLAMA = {"models": [{"name": "embedder:latest"}, {"name": "talker:1b"}, {"name": "caller:8b"}, {"name": "other:8b"}]}
ABLE = {"embedder:latest": ["embedding"], "talker:1b": ["completion"], "caller:8b": ["completion", "tools"]}
NOWHERE = "http://127.0.0.1:1/v1"
LOCAL = ("llamacpp", "lmstudio", "ollama", "vllm", "sglang")


def settings(model: str | None = None, **providers: Any) -> Settings:
    """Settings in which the servers of this machine, if there are any, are left alone; a text is an address."""
    local = {name: {"baseUrl": providers.pop(name, NOWHERE)} for name in LOCAL}
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
        if entry.key_variables and entry.automatic:
            choice = await choose(settings(), {entry.key_variables[0]: "k"})
            assert (choice.provider, choice.model) == (entry.name, entry.model)
    assert [entry.name for entry in KNOWN][:4] == ["anthropic", "openai", "gemini", "openrouter"]


async def test_a_blank_key_or_one_for_other_purposes_decides_nothing() -> None:
    choice = await choose(settings(), {"OPENAI_API_KEY": " ", "GITHUB_TOKEN": "k", "GOOGLE_API_KEY": "k"})
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


def plays_ollama(server: ScriptedServer) -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/api/show":
            return answered({"capabilities": ABLE.get(request.json()["model"], ["tools"])})
        return answered(OLLAMA) if request.path == "/api/tags" else answered({}, 404)

    server.beside = ""
    server.answer(answer)


async def test_ollama_offers_an_installed_model_that_can_call_tools(server: ScriptedServer) -> None:
    plays_ollama(server)
    choice = await choose(settings(ollama=server.url), {})
    assert (choice.provider, choice.model) == ("ollama", "caller:8b")
    assert [request.path for request in server.requests] == ["/api/tags", *["/api/show"] * 3]


async def test_ollama_that_says_it_in_the_list_is_asked_no_more(server: ScriptedServer) -> None:
    listed = [{"name": name, "capabilities": able} for name, able in ABLE.items()]
    answers(server, "/api/tags", answered({"models": listed}))
    found = await find_ollama(server.url)
    assert found is not None
    assert (found.model, len(server.requests)) == ("caller:8b", 1)


@pytest.mark.parametrize(
    "models", [[], [{"name": "talker:1b"}], [{"name": "x", "capabilities": 7}], [{"capabilities": ["tools"]}], "no"]
)
async def test_ollama_without_a_model_that_can_call_tools_is_not_chosen(server: ScriptedServer, models: Any) -> None:
    def answer(request: Request) -> Reply:
        return answered({"models": models} if request.path == "/api/tags" else {"capabilities": ["completion"]})

    server.answer(answer)
    assert await find_ollama(server.url) is None


@pytest.mark.parametrize("name", ["vllm", "sglang"])
async def test_servers_at_ports_that_others_use_too_have_to_name_themselves(server: ScriptedServer, name: str) -> None:
    answers(server, "/v1/models", answered({"data": [{"id": "lora"}, {"id": "big", "owned_by": name}]}))
    choice = await choose(settings(**{name: server.url + "/v1"}), {})
    assert (choice.provider, choice.model) == (name, "big")
    other = "sglang" if name == "vllm" else "vllm"
    assert (await choose(settings(**{other: server.url + "/v1"}), {})).provider == "local"


async def test_of_several_servers_on_this_machine_the_first_of_the_catalogue_is_chosen(server: ScriptedServer) -> None:
    def answer(request: Request) -> Reply:
        owner = "llamacpp" if request.headers["host"].startswith("localhost") else "vllm"
        return answered({"data": [{"id": "m", "owned_by": owner}]})

    server.answer(answer)
    both = settings(vllm=server.url, llamacpp=f"http://localhost:{server.port}/v1")
    assert (await choose(both, {})).provider == "llamacpp"
    assert tuple(entry.name for entry in KNOWN)[-5:] == LOCAL


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
    own = settings(llamacpp=server.url, work={"kind": "gemini", "baseUrl": NOWHERE}, nameless={"baseUrl": NOWHERE})
    assert await available(own, {"XAI_API_KEY": "k"}) == (*LOCAL, "work", "xai", "local")


@pytest.mark.parametrize(
    ("own", "environment", "kind"),
    [
        (settings("anthropic/m"), {"OPENAI_API_KEY": "k"}, "anthropic"),
        (settings(), {"GEMINI_API_KEY": "k", "XAI_API_KEY": "k"}, "gemini"),
        (settings("nobody/m"), {}, "openai_chat"),
        (settings(), {}, "openai_chat"),
    ],
)
async def test_the_adapter_that_the_first_prompt_needs_is_guessed(own: Settings, environment: Any, kind: str) -> None:
    assert likely_kind(own, environment) == kind


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("openai/gpt-x", ("openai", "gpt-x")),
        ("openrouter/anthropic/claude", ("openrouter", "anthropic/claude")),
        ("deepseek", ("deepseek", "deepseek-flash")),
        ("deepseek/", ("deepseek", "deepseek-flash")),
        ("ollama", ("ollama", "")),
        ("work", ("work", "")),
        ("local", ("local", "smollm2-135m")),
        ("own", ("own", "qwen")),
        ("demo", ("demo", "script")),
    ],
)
async def test_a_model_is_named_behind_the_first_slash(named: str, expected: tuple[str, str]) -> None:
    own = settings(
        own={"kind": "local", "modelPath": "/m/qwen.gguf"},
        demo={"kind": "scripted", "script": "x"},
        work={"kind": "openai_chat", "baseUrl": NOWHERE},
    )
    choice = named_choice(named, own)
    assert (choice.provider, choice.model) == expected
    assert isinstance(choice, Chosen)


async def test_a_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(RequestError) as refused:
        named_choice("opnai/x", settings())
    assert refused.value.code.number == 1005
    with pytest.raises(SettingsError, match="needs a kind: openai_chat"):
        named_choice("work/x", settings(work={"baseUrl": NOWHERE}))


async def test_a_server_on_this_machine_that_is_named_alone_tells_its_model(server: ScriptedServer) -> None:
    plays_ollama(server)

    async def none() -> tuple[str, ...]:
        raise AssertionError

    choice = await only_model("ollama", settings(ollama=server.url), none)
    assert (choice.provider, choice.model) == ("ollama", "caller:8b")


@pytest.mark.parametrize(
    ("models", "model", "words"),
    [
        (("m",), "m", ""),
        ((), "", 'which model of work? Set "model" to "work/...".'),
        (("a", "b"), "", "It has a, b."),
        (tuple("abcdefghij"), "", "It has a, b, c, d, e, f, g, h, ...."),
    ],
)
async def test_a_server_that_is_named_alone_answers_with_its_only_model(
    models: tuple[str, ...], model: str, words: str
) -> None:
    async def listed() -> tuple[str, ...]:
        return models

    own = settings(work={"kind": "openai_chat", "baseUrl": NOWHERE})
    if model:
        assert (await only_model("work", own, listed)).model == model
        return
    with pytest.raises(RequestError) as refused:
        await only_model("work", own, listed)
    assert (refused.value.code.number, words in str(refused.value)) == (1005, True)


async def test_every_entry_can_be_written_down() -> None:
    assert json.dumps([entry.base_url for entry in KNOWN])
    assert len({entry.name for entry in KNOWN}) == len(KNOWN)
