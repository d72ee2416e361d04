"""Which model answers: the settings as they are now, the choice, and the providers that are open."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from anyio import create_task_group, move_on_after, to_thread

from chatls.config import Layer, Settings, merge, read_user_file, user_file
from chatls.errors import INVALID_SETTINGS, RequestError, SettingsError
from chatls.providers import open_provider, preload
from chatls.providers.catalog import EMBEDDED_PROVIDER
from chatls.providers.choice import Choice, available, choose, likely_kind, named_choice, only_model
from chatls.providers.provider import Provider
from chatls.wire import ModelEntry, ModelsResult

LISTING = 1.8
"""Seconds that `chat/models` waits for servers; it promises an answer within two."""
KEPT = 60.0
"""Seconds that a server's list of models is good for."""
CLOSING = 1.0
"""Seconds that a turn waits, at most, for a provider to close that settings replaced meanwhile."""


@dataclass(slots=True)
class _Open:
    """A provider, and how many turns use it."""

    provider: Provider
    made_of: object
    users: int = 0


@dataclass(frozen=True, slots=True)
class _Listed:
    """The models of a provider, and when it told."""

    entries: tuple[ModelEntry, ...]
    made_of: object
    told: float


class Models:
    """All that settings decide about models."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._settings: Settings | SettingsError = Settings()
        self._choice: Choice | None = None
        self._open: dict[str, _Open] = {}
        self._retired: list[_Open] = []
        self._listed: dict[str, _Listed] = {}

    def configure(self, source: str, values: Any) -> SettingsError | None:
        """Take the client's settings instead of those that it gave before; the user's file lies below them.

        Gives what is wrong. Providers whose settings changed are opened anew.
        """
        try:
            file = read_user_file(user_file())
            client = Layer(source, {} if values is None else values)
            self._settings = merge([file, client] if file else [client])
        except SettingsError as error:
            self._settings = error
            return error
        self._choice = None
        for name, opened in list(self._open.items()):
            if opened.made_of != _made_of(self._settings, name):
                self._retired.append(self._open.pop(name))
        return None

    def settings(self) -> Settings:
        """The settings. Raises `RequestError` (1007) if they cannot be used."""
        if isinstance(self._settings, SettingsError):
            raise _unusable(self._settings)
        return self._settings

    async def warm_up(self) -> None:
        """Load what the first prompt will need while nobody waits for it yet. Connects to nothing."""
        if isinstance(self._settings, Settings):
            await to_thread.run_sync(preload, likely_kind(self._settings, self._environment))

    async def pick(self, asked: str | None) -> Choice:
        """The model for a prompt. Waits only where no model is set and servers have to be looked for, or asked.

        Raises `RequestError` (1005, 1007).
        """
        settings = self.settings()
        named = asked or settings.model
        try:
            if named is not None:
                return await self._named(named, settings)
            choice = self._choice or await choose(settings, self._environment)
        except SettingsError as error:
            raise _unusable(error) from error
        if settings is self._settings and choice.provider != EMBEDDED_PROVIDER:
            self._choice = choice  # kept until settings change; the makeshift is not: a better model may come up
        return choice

    @asynccontextmanager
    async def lend(self, name: str) -> AsyncGenerator[Provider, None]:
        """An open provider, which stays open meanwhile. Raises `RequestError` (1004, 1005, 1007)."""
        opened = self._opened(name, self.settings())
        opened.users += 1
        try:
            yield opened.provider
        finally:
            opened.users -= 1
            await self.close_retired()

    async def close_retired(self) -> None:
        """Close the providers that settings replaced and nobody uses any more; also for a turn that was cancelled."""
        idle = [opened for opened in self._retired if not opened.users]
        self._retired = [opened for opened in self._retired if opened.users]
        if idle:
            with move_on_after(CLOSING, shield=True):
                await _close(idle)

    async def listing(self) -> ModelsResult:
        """The models that are known by now."""
        settings = self.settings()
        names: list[str] = []
        default: list[str] = []
        with move_on_after(LISTING):
            async with create_task_group() as tasks:
                tasks.start_soon(self._find_default, default)
                names += await available(settings, self._environment)
                for name in names:
                    tasks.start_soon(self._ask, name, settings)
        models = tuple(entry for name in names for entry in self._told(name, settings))
        return ModelsResult(models, default[0] if default else None)

    async def close(self) -> None:
        """Close all providers: connections, children."""
        await _close([*self._open.values(), *self._retired])

    def _opened(self, name: str, settings: Settings) -> _Open:
        if name not in self._open:
            try:
                provider = open_provider(name, settings, self._environment)
            except SettingsError as error:
                raise _unusable(error) from error
            self._open[name] = _Open(provider, _made_of(settings, name))
        return self._open[name]

    async def _find_default(self, found: list[str]) -> None:
        try:
            choice = await self.pick(None)
        except RequestError:
            return
        found.append(f"{choice.provider}/{choice.model}")

    async def _named(self, named: str, settings: Settings) -> Choice:
        """The model that a person named. Where only the provider is, and it has no default, it is asked."""
        choice = named_choice(named, settings)
        if choice.model:
            return replace(choice, reason="")  # a person knows what a person set

        async def models() -> tuple[str, ...]:
            with move_on_after(LISTING):
                await self._ask(choice.provider, settings)
            return tuple(entry.id.partition("/")[2] for entry in self._told(choice.provider, settings))

        return await only_model(choice.provider, settings, models)

    async def _ask(self, name: str, settings: Settings) -> None:
        """Have a provider tell its models, unless it did a moment ago. One that does not answer leaves what it told."""
        known = self._listed.get(name)
        if known and self._told(name, settings) and monotonic() - known.told < KEPT:
            return
        try:
            async with self.lend(name) as provider:
                found = tuple(
                    ModelEntry(f"{name}/{info.name}", name, info.title, provider.local, info.context_window)
                    for info in await provider.models()
                )
        except RequestError:
            return
        if found:
            self._listed[name] = _Listed(found, _made_of(settings, name), monotonic())

    def _told(self, name: str, settings: Settings) -> tuple[ModelEntry, ...]:
        """What a provider told of its models, under these settings."""
        known = self._listed.get(name)
        return known.entries if known and known.made_of == _made_of(settings, name) else ()


async def _close(providers: list[_Open]) -> None:
    """All at once: one that takes its time must not keep the others open."""
    async with create_task_group() as tasks:
        for opened in providers:
            tasks.start_soon(opened.provider.aclose)


def _made_of(settings: Settings, name: str) -> object:
    return settings.providers.get(name), settings.limits


def _unusable(error: SettingsError) -> RequestError:
    return RequestError(INVALID_SETTINGS, str(error))
