"""Which model answers: settings that replace one another, the choice, providers that close behind their last user."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from threading import get_ident
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, current_time, fail_after
from anyio.lowlevel import checkpoint

from chatls import models as module
from chatls.errors import MODEL_NOT_FOUND, RequestError, SettingsError
from chatls.message import ToolSpec
from chatls.models import Listed, Listing, Models
from chatls.providers.delta import Delta, Finished
from chatls.providers.known.choice import Chosen
from chatls.providers.provider import ModelInfo, ModelRequest, Provider
from chatls.settings.config import Settings
from chatls.settings.configuration import Configuration

pytestmark = pytest.mark.asyncio

SOURCE = "initializationOptions"
TWO: dict[str, Any] = {"one": {"kind": "scripted", "script": "1"}, "two": {"kind": "scripted", "script": "2"}}


class FakeProvider:
    """Says what was done to it."""

    def __init__(self, name: str, world: "World") -> None:
        self.name = name
        self.local = True
        self._world = world

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        yield Finished("end_turn", None)

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        return tools

    def window(self, model: str) -> int | None:
        return None

    async def models(self) -> tuple[ModelInfo, ...]:
        self._world.asked.append(self.name)
        await self._world.slow.listing(self.name)
        assert self.name not in self._world.closed, "a provider is asked after it was closed"
        return tuple(ModelInfo(name, f"{name.upper()} of {self.name}", 5) for name in self._world.found)

    async def aclose(self) -> None:
        await self._world.slow.closing(self.name)
        self._world.closed.append(self.name)


class Slow:
    """How long things take."""

    def __init__(self) -> None:
        self.listing: Callable[[str], Awaitable[None]] = lambda _: checkpoint()
        self.closing: Callable[[str], Awaitable[None]] = lambda _: checkpoint()
        self.looking: Callable[[], Awaitable[None]] = checkpoint


class World:
    """What `Models` finds around it."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.looked: list[Settings] = []
        self.slow = Slow()
        self.asked = list[str]()
        self.found: tuple[str, ...] = ("m",)
        self.models = Models({})
        self.configuration = Configuration()

    def open_provider(self, name: str, settings: Settings, environment: Mapping[str, str]) -> FakeProvider:
        own = settings.providers.get(name)
        if own is None:
            raise RequestError(MODEL_NOT_FOUND, f"there is no provider {name!r}")
        if own.base_url == "nowhere":
            raise SettingsError("baseUrl is no address")
        self.opened.append(f"{name} {own.script}")
        return FakeProvider(self.opened[-1], self)

    async def choose(self, settings: Settings, environment: Mapping[str, str]) -> Chosen:
        self.looked.append(settings)
        await self.slow.looking()
        if not settings.providers:
            raise SettingsError("nothing is set up")
        return Chosen(next(iter(settings.providers)), "m", "because")

    async def available(self, settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
        return (*settings.providers, "missing")

    def configure(self, **values: Any) -> SettingsError | None:
        return self.configure_all(SOURCE, values)

    def configure_all(self, source: str, values: Any) -> SettingsError | None:
        problem = self.configuration.configure(source, values)
        if problem is None:
            self.models.retire(self.configuration.settings())
        return problem

    async def pick(self, asked: str | None) -> Chosen:
        return await self.models.pick(asked, self.configuration.settings())

    def lend(self, name: str) -> AbstractAsyncContextManager[Provider]:
        return self.models.lend(name, self.configuration.settings())

    async def listing(self) -> Listing:
        told = list[Listing]()
        await self.models.listing(self.configuration.settings(), current_time() + module.LISTING, told.append)
        (listing,) = told
        return listing


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    made = World()
    for name in ("open_provider", "choose", "available"):
        monkeypatch.setattr(module, name, getattr(made, name))
    monkeypatch.setattr("chatls.settings.configuration.user_file", lambda: tmp_path / "config.toml")
    return made


async def code_of(work: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(RequestError) as caught:
        await work
    return caught.value.code.number, str(caught.value)


# Settings


async def test_the_clients_settings_replace_those_it_gave_before(world: World, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[limits]\nmax_steps = 7\nidle_timeout = 7\n")
    assert world.configure(limits={"maxSteps": 1}, model="one/m") is None
    assert (world.configuration.settings().limits.max_steps, world.configuration.settings().limits.idle_timeout) == (
        1,
        7,
    )
    assert world.configure(limits={"idleTimeout": 2}) is None
    limits = world.configuration.settings().limits
    assert (limits.max_steps, limits.idle_timeout, world.configuration.settings().model) == (7, 2, None)


async def test_no_settings_are_empty_settings(world: World) -> None:
    assert world.configure_all(SOURCE, None) is None
    assert world.configuration.settings() == Settings()


async def test_bad_settings_are_told_and_answer_1007_until_good_ones_come(world: World) -> None:
    problem = world.configure(modle="x")
    assert str(problem) == f"unknown setting 'modle' in {SOURCE}; did you mean 'model'?"
    assert await code_of(world.pick(None)) == (1007, str(problem))
    assert await code_of(world.listing()) == (1007, str(problem))
    with pytest.raises(RequestError):
        world.configuration.settings()
    assert world.configure(providers=TWO) is None
    assert (await world.pick(None)).provider == "one"


@pytest.mark.parametrize("values", ["text", 5, ["a"], True])
async def test_what_is_no_object_is_no_settings(world: World, values: Any) -> None:
    assert str(world.configure_all(SOURCE, values)) == f"settings ({SOURCE}): must be an object"


async def test_a_broken_file_is_told_by_its_path(world: World, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("model =")
    assert str(tmp_path / "config.toml") in str(world.configure())


# The choice


async def test_a_model_that_is_named_is_taken_without_looking_around(world: World) -> None:
    world.configure(providers=TWO, model="one/a/b")
    assert (await world.pick(None)).model == "a/b"
    assert (await world.pick("two/x")).provider == "two"
    assert world.looked == []


async def test_an_unknown_provider_is_1005_and_one_without_a_kind_is_1007(world: World) -> None:
    world.configure(providers={"w": {"baseUrl": "http://127.0.0.1:1"}})
    assert (await code_of(world.pick("nobody/x")))[0] == 1005
    assert (await code_of(world.pick("w/x")))[0] == 1007


async def test_where_nothing_is_set_it_looks_around_once(world: World) -> None:
    world.configure(providers=TWO)
    assert await world.pick(None) == await world.pick(None) == Chosen("one", "m", "because")
    assert len(world.looked) == 1


async def test_new_settings_make_a_new_choice(world: World) -> None:
    world.configure(providers=TWO)
    await world.pick(None)
    world.configure(providers={"two": TWO["two"]})
    assert (await world.pick(None)).provider == "two"


async def test_a_choice_that_was_made_for_older_settings_is_not_kept(world: World) -> None:
    looking = anyio.Event()

    async def wait() -> None:
        await looking.wait()

    world.slow.looking = wait
    world.configure(providers=TWO)
    async with create_task_group() as tasks:
        tasks.start_soon(world.pick, None)
        await checkpoint()
        world.configure(providers={"two": TWO["two"]})
        looking.set()
    assert (await world.pick(None)).provider == "two"


async def test_a_choice_that_cannot_be_made_is_1007_and_not_kept(world: World) -> None:
    assert await code_of(world.pick(None)) == (1007, "nothing is set up")
    assert await code_of(world.pick(None)) == (1007, "nothing is set up")
    assert len(world.looked) == 2


# Providers


async def use(world: World, name: str) -> str:
    async with world.lend(name) as provider:
        await checkpoint()
        return provider.name


async def test_a_provider_is_opened_when_it_is_first_used_and_stays_open(world: World) -> None:
    world.configure(providers=TWO)
    assert world.opened == []
    assert [await use(world, "one") for _ in range(3)] == ["one 1"] * 3
    assert (world.opened, world.closed) == (["one 1"], [])


async def test_one_whose_settings_did_not_change_stays_open_and_the_others_are_opened_anew(world: World) -> None:
    world.configure(providers=TWO)
    await use(world, "one")
    await use(world, "two")
    world.configure(providers={"one": TWO["one"], "two": {"kind": "scripted", "script": "new"}}, model="one/m")
    assert await use(world, "one") == "one 1"
    assert world.closed == ["two 2"], "closed behind whoever leaves next"
    assert await use(world, "two") == "two new"
    assert world.opened == ["one 1", "two 2", "two new"]


async def test_new_limits_open_all_providers_anew(world: World) -> None:
    world.configure(providers=TWO)
    await use(world, "one")
    world.configure(providers=TWO, limits={"idleTimeout": 1})
    await use(world, "one")
    assert (world.opened, world.closed) == (["one 1", "one 1"], ["one 1"])


async def test_bad_settings_in_between_close_nothing(world: World) -> None:
    world.configure(providers=TWO)
    await use(world, "one")
    world.configure(providers=5)
    world.configure(providers=TWO)
    assert await use(world, "one") == "one 1"
    assert (world.opened, world.closed) == (["one 1"], [])


async def test_a_provider_that_was_replaced_closes_after_its_last_user(world: World) -> None:
    world.configure(providers=TWO)
    async with world.lend("one") as first, world.lend("one") as second:
        assert first is second
        world.configure(providers={"one": {"kind": "scripted", "script": "new"}})
        assert await use(world, "one") == "one new"
        assert world.closed == []
    assert world.closed == ["one 1"]


async def test_a_provider_that_was_replaced_is_closed_also_by_a_turn_that_is_cancelled(world: World) -> None:
    world.configure(providers=TWO)
    with CancelScope() as scope:
        async with world.lend("one"):
            world.configure()
            scope.cancel()
            await checkpoint()
    assert scope.cancelled_caught
    assert world.closed == ["one 1"]


async def test_a_replaced_provider_that_does_not_close_keeps_its_last_user_only_for_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING", 0.01)
    world.slow.closing = lambda _: anyio.sleep_forever()
    world.configure(providers=TWO)
    with fail_after(120):
        async with world.lend("one"):
            world.configure()


async def test_replaced_providers_that_nobody_uses_can_be_closed_at_once(world: World) -> None:
    world.configure(providers=TWO)
    await use(world, "one")
    async with world.lend("two"):
        world.configure()
        await world.models.close_retired()
        assert world.closed == ["one 1"]
    assert world.closed == ["one 1", "two 2"]


async def test_a_turn_that_fails_gives_its_provider_back(world: World) -> None:
    world.configure(providers=TWO)

    async def fail() -> None:
        async with world.lend("one"):
            world.configure()
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert world.closed == ["one 1"]


async def test_a_provider_that_cannot_be_opened_is_an_error_for_the_prompt(world: World) -> None:
    world.configure(providers={"w": {"kind": "gemini", "baseUrl": "nowhere"}})
    assert await code_of(use(world, "w")) == (1007, "baseUrl is no address")
    assert (await code_of(use(world, "nobody")))[0] == 1005


async def test_leaving_closes_all_at_once_replaced_ones_too(world: World) -> None:
    both = anyio.Event()
    begun = list[str]()

    async def closing(name: str) -> None:
        begun.append(name)
        if len(begun) == 2:
            both.set()
        await both.wait()

    world.slow.closing = closing
    world.configure(providers=TWO)
    async with world.lend("one"):
        world.configure(providers={"two": TWO["two"]})
        await use(world, "two")
        with fail_after(120):
            await world.models.close()
        assert sorted(world.closed) == ["one 1", "two 2"]


# The list of models


async def test_the_list_names_what_is_known_and_the_default(world: World) -> None:
    world.configure(providers=TWO)
    listing = await world.listing()
    assert listing.models == (
        Listed("one", ModelInfo("m", "M of one 1", 5), local=True),
        Listed("two", ModelInfo("m", "M of two 2", 5), local=True),
    )
    assert listing.default == listing.models[0]


async def test_without_a_choice_there_is_no_default(world: World) -> None:
    listing = await world.listing()
    assert (listing.models, listing.default) == ((), None)


async def test_a_server_that_does_not_answer_does_not_keep_the_list_nor_does_one_that_does_not_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, listed, let_go = list[Listing](), anyio.Event(), anyio.Event()

    def tell(listing: Listing) -> None:
        told.append(listing)
        listed.set()

    async def silent(name: str) -> None:
        if name == "one 1":
            try:
                await anyio.sleep_forever()
            finally:
                with CancelScope(shield=True):
                    await let_go.wait()

    world.slow.listing = silent
    world.configure(providers=TWO)
    with fail_after(120):
        async with create_task_group() as tasks:
            deadline = current_time() + 0.2
            tasks.start_soon(world.models.listing, world.configuration.settings(), deadline, tell)
            await listed.wait()
            let_go.set()
    assert [entry.id for entry in told[0].models] == ["one/m", "two/m"]
    assert module.LISTING < 2


async def test_the_default_is_among_the_models_also_where_no_server_told_of_it(world: World) -> None:
    world.configure(providers=TWO, model="two/other")
    listing = await world.listing()
    assert listing.default in listing.models
    assert [entry.id for entry in listing.models] == ["two/other", "one/m", "two/m"]
    world.configure(providers=TWO, model="two/m")
    listing = await world.listing()
    assert (listing.default, len(listing.models)) == (listing.models[1], 2)


async def test_a_provider_that_is_listed_is_in_use(world: World) -> None:
    asked, go_on = anyio.Event(), anyio.Event()

    async def listing(name: str) -> None:
        asked.set()
        await go_on.wait()

    world.slow.listing = listing
    world.configure(providers={"one": TWO["one"]})
    async with create_task_group() as tasks:
        tasks.start_soon(world.listing)
        await asked.wait()
        world.configure(providers=TWO | {"one": {"kind": "scripted", "script": "new"}})
        await use(world, "two")
        assert world.closed == []
        go_on.set()
    assert world.closed == ["one 1"]


async def test_a_list_is_kept_for_a_while_and_then_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    world.configure(providers={"one": TWO["one"]})
    first = await world.listing()
    now += module.KEPT - 1
    assert await world.listing() == first
    assert world.asked == ["one 1"]
    now += 2
    assert await world.listing() == first
    assert world.asked == ["one 1", "one 1"]


async def test_new_settings_ask_anew(world: World) -> None:
    world.configure(providers=TWO)
    await world.listing()
    world.configure(providers={**TWO, "two": {"kind": "scripted", "script": "new"}})
    listing = await world.listing()
    assert [entry.info.title for entry in listing.models] == ["M of one 1", "M of two new"]
    assert world.asked == ["one 1", "two 2", "two new"]


async def test_a_server_that_had_nothing_to_tell_is_asked_again_at_once(world: World) -> None:
    world.found = ()
    world.configure(providers={"one": TWO["one"]})
    assert [entry.info.title for entry in (await world.listing()).models] == ["m"], "the default alone"
    world.found = ("m",)
    assert [entry.id for entry in (await world.listing()).models] == ["one/m"]


async def test_a_server_that_falls_silent_keeps_the_models_that_it_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 0)
    world.configure(providers={"one": TWO["one"]})
    first = await world.listing()
    world.found = ()
    assert await world.listing() == first
    monkeypatch.setattr(module, "LISTING", 0.01)
    world.slow.listing = lambda _: anyio.sleep_forever()
    with fail_after(120):
        assert (await world.listing()).models == first.models


async def test_what_a_provider_needs_is_loaded_once_and_never_on_the_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, loaded = get_ident(), list[tuple[str, bool]]()

    def preload(kind: str) -> None:
        loaded.append((kind, get_ident() != loop))

    monkeypatch.setattr(module, "preload", preload)
    world.configure(providers=TWO)
    for _ in range(2):
        for name in TWO:
            async with world.lend(name):
                assert loaded == [("scripted", True)]


async def test_a_provider_that_is_named_alone_answers_with_its_only_model(world: World) -> None:
    work = {"work": {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:1"}}
    world.configure(providers=work)
    assert await world.pick("work") == Chosen("work", "m", "it is the only model of work")
    world.found = ("m", "n")
    world.configure(providers=work, limits={"maxSteps": 3})
    assert await code_of(world.pick("work/")) == (
        1005,
        'which model of work? Set "model" to "work/...". It has m, n.',
    )


async def test_a_provider_that_is_named_alone_and_does_not_answer_is_1005(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTING", 0.01)
    world.slow.listing = lambda _: anyio.sleep_forever()
    world.configure(providers={"work": {"kind": "ollama", "baseUrl": "http://127.0.0.1:1"}})
    with fail_after(120):
        assert (await code_of(world.pick("work")))[0] == 1005
