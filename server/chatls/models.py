"""Which model answers: the choice, the providers that are open, and what they tell of their models. Knows no wire."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import field, replace
from functools import partial
from time import monotonic

from anyio import CancelScope, Event, Lock, create_task_group, move_on_after, to_thread

from chatls.errors import INVALID_SETTINGS, RequestError, SettingsError
from chatls.providers import open_provider, preload
from chatls.providers.insistent import Insistent
from chatls.providers.known.catalog import EMBEDDED_PROVIDER, kind_of
from chatls.providers.known.choice import Chosen, available, choose, likely_kind, named_choice, only_model
from chatls.providers.known.windows import usual_window
from chatls.providers.provider import ModelInfo, Provider
from chatls.settings.config import ProviderKind, ProviderSettings, Settings
from chatls.values import dataclass
from chatls.visible import visible

LISTING = 1.5
"""Seconds that servers get to tell their models, from the moment when they are asked for; the answer is promised
within two."""
RESTING = 60.0
"""Seconds that a model is left alone that failed, if its server did not say, and another one can answer instead."""
LONGEST_REST = 600.0
"""The same, whatever its server said: people mend what is wrong, and clocks may be."""
LEAST = 0.5
"""Seconds that they get in any case."""
KEPT = 60.0
"""Seconds that a server's list of models is good for."""
CLOSING = 1.0
"""Seconds that a turn waits, at most, for a provider to close that settings replaced meanwhile."""


@dataclass(slots=True, eq=False)
class _Open:
    """A provider, and how many turns use it."""

    name: str
    provider: Provider
    made_of: object
    users: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """The models of a provider, and when it told."""

    models: tuple["Listed", ...]
    made_of: object
    at: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that can be asked for."""

    provider: str
    info: ModelInfo
    local: bool
    """Runs on this machine."""

    @property
    def id(self) -> str:
        """ "provider/model"."""
        return f"{self.provider}/{self.info.name}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The models that are known by now."""

    models: tuple[Listed, ...]
    default: Listed | None
    """One of them: the model that a prompt without one gets."""


@dataclass(frozen=True, slots=True)
class Served:
    """The model for a prompt, and its provider."""

    name: str
    """"provider/model"."""
    model: str
    """Its name at the provider."""
    reason: str
    """Why this one, for people; "" where a person named it."""
    provider: Provider
    window: int | None = None
    """Tokens that it can read; None where nobody knows."""
    passed: str = ""
    """Why it is not one that is preferred, for people."""
    instead: Callable[[int | None], Awaitable["Served"]] | None = None
    """Gives it up, for so many milliseconds if its server said so, and finds the next of the list; None: there is none.
    Raises `RequestError` where none can be asked."""


@dataclass(slots=True)
class _SoFar:
    """What a listing has come to."""

    names: list[str] = field(default_factory=list[str])
    default: Chosen | None = None


class Models:
    """All that settings decide about models."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._choice: tuple[Settings, Chosen] | None = None
        self._open: list[_Open] = []
        self._retired: list[_Open] = []
        self._told: dict[str, _Told] = {}
        self._resting: dict[str | None, float] = {}
        """Until when models that failed are left alone, by the name by which they were asked for."""
        self._learnt: dict[tuple[str, str], tuple[int, object]] = {}
        """Windows that servers told when they refused, by provider and model, and under which settings."""
        self._loaded: set[ProviderKind] = set()
        self._loading = Lock()

    def retire(self, settings: Settings) -> None:
        """There are new settings: providers for which they say something else close behind their last user."""
        old = [opened for opened in self._open if opened.made_of != _made_of(settings, opened.name)]
        self._open = [opened for opened in self._open if opened not in old]
        self._retired += old
        self._resting.clear()

    async def warm_up(self, settings: Settings) -> None:
        """Load what the first prompt will need while nobody waits for it yet. Connects to nothing."""
        await self._load(likely_kind(settings, self._environment))

    @asynccontextmanager
    async def serving(self, asked: str | None, settings: Settings) -> AsyncGenerator[Served]:
        """The model for a prompt, and its provider, which stays open meanwhile, as do those of all that follow it: what
        was asked for, or the first of the settings' that can be asked.

        Raises `RequestError` (1004, 1005, 1007): that of the first, if none can.
        """
        names = (asked,) if asked else settings.models or (None,)
        async with AsyncExitStack() as held:
            yield await self._first(names, settings, held)

    async def _first(self, names: tuple[str | None, ...], settings: Settings, held: AsyncExitStack) -> Served:
        """The first that can be asked; one that failed a moment ago after all others."""
        failures = dict[str | None, str]()
        order = sorted(names, key=self._rests)
        first: RequestError | None = None
        for at, named in enumerate(order):
            try:
                choice = await self.pick(named, settings)
                provider = await held.enter_async_context(self.lend(choice.provider, settings))
            except RequestError as error:
                failures[named] = str(error).rstrip(".")
                first = first or error
                continue
            window = self._window(choice.provider, choice.model, settings, provider.window(choice.model))
            before = [f"{one}: {failures.get(one, 'it failed a moment ago')}" for one in names[: names.index(named)]]
            rest = tuple(order[at + 1 :])
            return Served(
                f"{choice.provider}/{choice.model}",
                choice.model,
                choice.reason,
                Insistent(provider),
                window,
                visible("; ".join(before)),
                partial(self._instead, named, rest, settings, held) if rest else None,
            )
        assert first is not None
        raise first

    async def _instead(
        self,
        named: str | None,
        rest: tuple[str | None, ...],
        settings: Settings,
        held: AsyncExitStack,
        wait_ms: int | None,
    ) -> Served:
        """`Served.instead`."""
        rest_for = RESTING if wait_ms is None else min(wait_ms / 1000, LONGEST_REST)
        self._resting[named] = max(self._resting.get(named, 0), monotonic() + rest_for)
        return await self._first(rest, settings, held)

    def _rests(self, named: str | None) -> bool:
        """Whether a model failed a moment ago."""
        return monotonic() < self._resting.get(named, 0)

    def learn(self, name: str, settings: Settings, window: int) -> None:
        """The server of "provider/model" refused more than so many tokens."""
        provider, _, model = name.partition("/")
        self._learnt[provider, model] = window, _made_of(settings, provider)

    def check(self, named: str, settings: Settings) -> None:
        """Whether a person can ask for this. Raises `RequestError` (1005, 1007) where its provider is not known."""
        try:
            named_choice(named, settings)
        except SettingsError as error:
            raise RequestError(INVALID_SETTINGS, str(error)) from error

    async def pick(self, asked: str | None, settings: Settings) -> Chosen:
        """The model for a prompt. Waits only where no model is set and servers have to be looked for, or asked.

        Where nothing is set, the choice is kept for as long as the settings are these. Raises `RequestError` (1005,
        1007).
        """
        named = asked or next(iter(settings.models), None)
        try:
            if named is not None:
                return await self._named(named, settings)
            if self._choice is not None and self._choice[0] is settings:
                return self._choice[1]
            choice = await choose(settings, self._environment)
        except SettingsError as error:
            raise RequestError(INVALID_SETTINGS, str(error)) from error
        if choice.provider != EMBEDDED_PROVIDER:  # the makeshift is not kept: a better model may come up
            self._choice = settings, choice
        return choice

    @asynccontextmanager
    async def lend(self, name: str, settings: Settings) -> AsyncGenerator[Provider]:
        """An open provider, which stays open meanwhile. Raises `RequestError` (1004, 1005, 1007)."""
        await self._prepare(name, settings)
        opened = self._opened(name, settings)
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

    async def listing(self, settings: Settings, deadline: float, tell: Callable[[Listing], None]) -> None:
        """Tell the models that are known when all servers have answered, or by the deadline (on the loop's clock).

        Returns when the servers that were still asked then have been let go.
        """
        found, done = _SoFar(), Event()
        async with create_task_group() as tasks:
            tasks.start_soon(self._find, found, settings, done)
            with CancelScope(deadline=deadline):
                await done.wait()
            tell(self._listing(found, settings))
            tasks.cancel_scope.cancel()

    async def close(self) -> None:
        """Close all providers: connections, children."""
        await _close([*self._open, *self._retired])

    async def _prepare(self, name: str, settings: Settings) -> None:
        """Load what a provider needs. Raises as `lend` does."""
        try:
            await self._load(kind_of(name, settings))
        except SettingsError as error:
            raise RequestError(INVALID_SETTINGS, str(error)) from error

    async def _load(self, kind: ProviderKind) -> None:
        """In a thread: it would hold the loop for a tenth of a second and more."""
        if kind in self._loaded:
            return
        async with self._loading:
            if kind not in self._loaded:
                await to_thread.run_sync(preload, kind, abandon_on_cancel=True)
                self._loaded.add(kind)

    def _opened(self, name: str, settings: Settings) -> _Open:
        made_of = _made_of(settings, name)
        for opened in self._open:
            if opened.name == name and opened.made_of == made_of:
                return opened
        try:
            opened = _Open(name, open_provider(name, settings, self._environment), made_of)
        except SettingsError as error:
            raise RequestError(INVALID_SETTINGS, str(error)) from error
        self._open.append(opened)
        return opened

    async def _named(self, named: str, settings: Settings) -> Chosen:
        """The model that a person named. Where only the provider is, and it has no default, it is asked."""
        choice = named_choice(named, settings)
        if choice.model:
            return replace(choice, reason="")  # a person knows what a person set

        async def models() -> tuple[str, ...]:
            with move_on_after(LISTING):
                await self._ask(choice.provider, settings)
            return tuple(listed.info.name for listed in self._known(choice.provider, settings))

        return await only_model(choice.provider, settings, models)

    async def _find(self, found: _SoFar, settings: Settings, done: Event) -> None:
        """Look for the default, and have all that can be asked tell their models."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._find_default, found, settings)
            found.names += await available(settings, self._environment)
            for name in found.names:
                tasks.start_soon(self._ask, name, settings)
        done.set()

    async def _find_default(self, found: _SoFar, settings: Settings) -> None:
        with suppress(RequestError):
            found.default = await self.pick(None, settings)
            await self._prepare(found.default.provider, settings)

    async def _ask(self, name: str, settings: Settings) -> None:
        """Have a provider tell its models, unless it did a moment ago. One that does not answer leaves what it told."""
        told = self._told.get(name)
        if told and self._known(name, settings) and monotonic() - told.at < KEPT:
            return
        with suppress(RequestError, SettingsError):
            async with self.lend(name, settings) as provider:
                models = tuple(Listed(name, info, provider.local) for info in await provider.models())
            if models:
                self._told[name] = _Told(models, _made_of(settings, name), monotonic())

    def _known(self, name: str, settings: Settings) -> tuple[Listed, ...]:
        """What a provider told of its models, under these settings."""
        told = self._told.get(name)
        return told.models if told and told.made_of == _made_of(settings, name) else ()

    def _window(self, provider: str, model: str, settings: Settings, told: int | None) -> int | None:
        """Tokens that a model can read: what the settings say, its server, or a table; less if it refused that.
        `told`: what its provider heard by the way. No request is made to learn it.
        """
        own = settings.providers.get(provider, ProviderSettings())
        if told is None and kind_of(provider, settings) != "ollama":  # it lists what models could read, not what is set
            infos = (one.info for one in self._known(provider, settings))
            told = next((info.context_window for info in infos if info.name == model), None)
        window = own.context_window or told or usual_window(provider, model, own)
        refused, made_of = self._learnt.get((provider, model), (0, None))
        return min(window or refused, refused) if refused and made_of == _made_of(settings, provider) else window

    def _sized(self, listed: Listed, settings: Settings) -> Listed:
        """With what is known of its window."""
        with suppress(SettingsError, RequestError):
            window = self._window(listed.provider, listed.info.name, settings, listed.info.context_window)
            return replace(listed, info=replace(listed.info, context_window=window))
        return listed

    def _listing(self, found: _SoFar, settings: Settings) -> Listing:
        """What is known by now. The default is among the models, also where its server did not tell of it."""
        told = (listed for name in found.names for listed in self._known(name, settings))
        models = tuple(self._sized(listed, settings) for listed in told)
        if found.default is None:
            return Listing(models, None)
        default = self._sized(self._default(found.default, models, settings), settings)
        return Listing(models if default in models else (default, *models), default)

    def _default(self, choice: Chosen, models: tuple[Listed, ...], settings: Settings) -> Listed:
        wanted = f"{choice.provider}/{choice.model}"
        for listed in models:
            if listed.id == wanted:
                return listed
        local = False
        with suppress(RequestError):  # a key is missing: a prompt will say so
            local = self._opened(choice.provider, settings).provider.local
        return Listed(choice.provider, ModelInfo(choice.model, choice.model), local)


async def _close(providers: list[_Open]) -> None:
    """All at once: one that takes its time must not keep the others open."""
    async with create_task_group() as tasks:
        for opened in providers:
            tasks.start_soon(opened.provider.aclose)


def _made_of(settings: Settings, name: str) -> object:
    return settings.providers.get(name), settings.limits
