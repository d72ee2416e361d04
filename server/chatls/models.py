"""Which model answers: the settings as they are now, the choice, and the providers that are open."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from anyio import create_task_group, move_on_after

from chatls.config import Layer, Settings, merge, read_user_file, user_file
from chatls.errors import RequestError, SettingsError
from chatls.providers import open_provider
from chatls.providers.catalog import Choice, available, choose, named_choice
from chatls.providers.provider import Provider
from chatls.wire import INVALID_STATE, ModelEntry, ModelsResult

LISTING = 1.8
"""Seconds that `chat/models` waits for servers; it promises an answer within two."""


@dataclass(slots=True)
class _Open:
    """A provider, and how many turns use it."""

    provider: Provider
    made_of: object
    users: int = 0


class Models:
    """All that settings decide about models."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._settings: Settings | SettingsError = Settings()
        self._choice: Choice | None = None
        self._open: dict[str, _Open] = {}
        self._retired: list[_Open] = []

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

    async def pick(self, asked: str | None) -> Choice:
        """The model for a prompt. Waits only where nothing is set and servers have to be looked for.

        Raises `RequestError` (1005, 1007).
        """
        settings = self.settings()
        named = asked or settings.model
        try:
            if named is not None:
                return named_choice(named, settings)
            self._choice = self._choice or await choose(settings, self._environment)
        except SettingsError as error:
            raise _unusable(error) from error
        return self._choice

    @asynccontextmanager
    async def lend(self, name: str) -> AsyncGenerator[Provider, None]:
        """An open provider, which stays open meanwhile. Raises `RequestError` (1004, 1005, 1007)."""
        opened = self._opened(name, self.settings())
        opened.users += 1
        try:
            yield opened.provider
        finally:
            opened.users -= 1
            await self._close_retired()

    async def listing(self) -> ModelsResult:
        """The models that are known by now."""
        settings = self.settings()
        entries: dict[str, list[ModelEntry]] = {}
        default: list[str] = []
        with move_on_after(LISTING):
            async with create_task_group() as tasks:
                tasks.start_soon(self._find_default, default)
                for name in await available(settings, self._environment):
                    tasks.start_soon(self._ask, name, settings, entries.setdefault(name, []))
        models = tuple(entry for found in entries.values() for entry in found)
        return ModelsResult(models, default[0] if default else None)

    async def close(self) -> None:
        """Close all providers: connections, children."""
        for opened in (*self._open.values(), *self._retired):
            await opened.provider.aclose()

    def _opened(self, name: str, settings: Settings) -> _Open:
        if name not in self._open:
            try:
                provider = open_provider(name, settings, self._environment)
            except SettingsError as error:
                raise _unusable(error) from error
            self._open[name] = _Open(provider, _made_of(settings, name))
        return self._open[name]

    async def _close_retired(self) -> None:
        idle = [opened for opened in self._retired if not opened.users]
        self._retired = [opened for opened in self._retired if opened.users]
        for opened in idle:
            await opened.provider.aclose()

    async def _find_default(self, found: list[str]) -> None:
        try:
            choice = await self.pick(None)
        except RequestError:
            return
        found.append(f"{choice.provider}/{choice.model}")

    async def _ask(self, name: str, settings: Settings, found: list[ModelEntry]) -> None:
        try:
            provider = self._opened(name, settings).provider
        except RequestError:
            return
        found += [
            ModelEntry(f"{name}/{info.name}", name, info.title, provider.local, info.context_window)
            for info in await provider.models()
        ]


def _made_of(settings: Settings, name: str) -> object:
    return settings.providers.get(name), settings.limits


def _unusable(error: SettingsError) -> RequestError:
    return RequestError(INVALID_STATE, str(error), kind="invalid_settings")
