"""Checks of settings, providers and the network. A key is never shown, no command for one is run, no prompt is sent."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import anyio

from chatls.errors import ProviderError, RequestError, SettingsError
from chatls.providers.http.client import is_loopback
from chatls.providers.http.endpoint import Endpoint, find_endpoint
from chatls.providers.http.reach import reach
from chatls.providers.known.catalog import EMBEDDED_PROVIDER, KNOWN, entry_of, kind_of
from chatls.providers.known.choice import choose, find_local
from chatls.providers.local.weights import SMOLLM2
from chatls.seen.commands.findings import Diagnosis
from chatls.settings.config import ProviderSettings, Settings
from chatls.settings.configuration import Layer, merge, origins, read_user_file, user_file
from chatls.tools import TOOLS
from chatls.values import dataclass

_CONNECTING = 8.0
"""Seconds for a server far away."""
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """The settings of this machine, without an editor's."""

    settings: Settings
    layer: Layer | None
    findings: tuple[Diagnosis, ...]


def settings() -> MachineSettings:
    """The user's file, and what stands in it."""
    area, path = "Settings", user_file()
    try:
        layer = read_user_file(path)
        merged = merge([layer] if layer else [], [tool.name for tool in TOOLS])
    except SettingsError as error:
        advice = "mend the file: docs/configuration.md lists all settings"
        return MachineSettings(
            Settings(), None, (Diagnosis(area, "bad", f"the settings cannot be used: {error}", advice),)
        )
    if layer is None:
        text = f"no file of settings ({path}): all is as usual. An editor may send its own"
        return MachineSettings(merged, None, (Diagnosis(area, "note", text),))
    found = [Diagnosis(area, "good", f"{path} can be used")]
    if os.name == "posix" and path.stat().st_mode & 0o022:
        text = f"others may write {path}, and what stands in it is run: commands for keys, MCP servers"
        found.append(Diagnosis(area, "warning", text, f"chmod go-w {path}"))
    found += [Diagnosis(area, "note", f"{name}: set in {_short(source, path)}") for name, source in origins([layer])]
    return MachineSettings(merged, layer, tuple(found))


async def models(read: MachineSettings) -> AsyncIterator[Diagnosis]:
    """Which model answers, and what else there is to ask."""
    area, known = "Models", [entry.name for entry in KNOWN]
    yield await _choice(area, read.settings)
    names = [*known, *(name for name in read.settings.providers if name not in known)]
    without: list[str] = []
    for name in names:
        own = read.settings.providers.get(name, ProviderSettings())
        entry = entry_of(name, own)
        if entry is not None and not entry.key_variables and name not in read.settings.providers:
            continue  # on this machine: looked for below
        finding = _key(area, name, read.settings, os.environ)
        if finding is None:
            without.append(name)
        else:
            yield finding
    if without:
        yield Diagnosis(area, "note", f"without a key: {', '.join(without)}")
    local = await find_local(read.settings)
    for found in local:
        yield Diagnosis(area, "good", f"{found.title} answers at {found.address}, with the model {found.model}")
    if not local:
        asked = ", ".join(entry.name for entry in KNOWN if not entry.key_variables)
        yield Diagnosis(area, "note", f"no model server answers on this machine ({asked})")
    size = f"{SMOLLM2.size / 1e6:.0f} MB"
    text = f"there ({size})" if SMOLLM2.there() else f"not fetched yet ({size}, at first use)"
    yield Diagnosis(area, "note", f"the embedded demonstration model: {text}; it can only find words in files")


async def network(read: MachineSettings) -> AsyncIterator[Diagnosis]:
    """Proxies, certificates, and a real handshake with every server that could be asked."""
    area = "Network"
    for line in _environment(os.environ):
        yield Diagnosis(area, "note", line)
    for variable in _CERTIFICATES:
        path = os.environ.get(variable)
        if path and not os.access(path, os.R_OK):
            yield Diagnosis(area, "bad", f"{variable} names {path}, which cannot be read", "mend or unset it")
    endpoints = list(_endpoints(read.settings))
    if not endpoints:
        yield Diagnosis(area, "note", "no server outside of this machine is set up, so none was tried")
    for endpoint in endpoints:
        try:
            reached = await reach(endpoint, _CONNECTING)
        except ProviderError as error:
            yield Diagnosis(
                area, "bad", str(error), "mend its base_url, or start it; docs/troubleshooting.md tells of proxies"
            )
            continue
        secure = " with a certificate that is trusted" if endpoint.base_url.startswith("https") else ""
        through = f", through the proxy {reached.proxy}" if reached.proxy else ""
        yield Diagnosis(area, "good", f"{endpoint.name}: {reached.host} answers{secure}{through}")


async def _choice(area: str, settings: Settings) -> Diagnosis:
    if settings.models:
        first, *rest = settings.models
        more = f"; if it cannot, {', then '.join(rest)}" if rest else ""
        return Diagnosis(area, "good", f"{first} answers: it is set{more}")
    try:
        chosen = await choose(settings, os.environ)
    except SettingsError as error:
        return Diagnosis(area, "bad", str(error), "mend the settings")
    if chosen.provider == EMBEDDED_PROVIDER:
        text = "no model that is of use: no key in the environment, and no model server on this machine"
        advice = "run chatls setup; or set a provider's key where the editor starts, or run ollama serve"
        return Diagnosis(area, "bad", text, advice)
    return Diagnosis(area, "good", f"{chosen.provider}/{chosen.model} answers: {chosen.reason}")


def _key(area: str, name: str, settings: Settings, environment: Mapping[str, str]) -> Diagnosis | None:
    """Whether a provider has its key; None where it has none and nobody set it up."""
    own = settings.providers.get(name)
    try:
        if kind_of(name, settings) in ("scripted", "local"):
            return Diagnosis(area, "note", f"{name}: needs no key")
        endpoint = find_endpoint(name, own or ProviderSettings(), environment)
    except RequestError as error:
        return (
            None if own is None else Diagnosis(area, "warning", str(error), "set the variable where the editor starts")
        )
    except SettingsError as error:
        return None if own is None else Diagnosis(area, "bad", str(error), "mend the settings")
    return Diagnosis(
        area, "good", f"{name}: its key comes from {endpoint.sent}" if endpoint.sent else f"{name}: sent no key"
    )


def _endpoints(settings: Settings) -> Iterator[Endpoint]:
    """Servers that could be asked, and are not on this machine."""
    for name in dict.fromkeys([*(entry.name for entry in KNOWN if entry.key_variables), *settings.providers]):
        try:
            if kind_of(name, settings) in ("scripted", "local"):
                continue
            endpoint = find_endpoint(name, settings.providers.get(name, ProviderSettings()), os.environ)
        except (RequestError, SettingsError):
            continue
        if not is_loopback(urlsplit(endpoint.base_url).hostname or "") or name in settings.providers:
            yield endpoint


def _environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Proxies and certificates that the environment names, without what is secret in an address."""
    for name in (*_PROXIES, *_CERTIFICATES):
        value = environment.get(name) or environment.get(name.lower())
        if value:
            yield f"{name} is {_without_user(value)}"


def _without_user(address: str) -> str:
    """
    >>> _without_user("http://me:secret@proxy:3128"), _without_user("a,b")
    ('http://[user]@proxy:3128', 'a,b')
    """
    head, at, rest = address.rpartition("@")
    scheme, separator, _ = head.partition("://")
    return f"{scheme}{separator}[user]@{rest}" if at and separator else f"[user]@{rest}" if at else address


def _short(source: str, path: Path) -> str:
    return source.replace(str(path), path.name)


async def gathered(read: MachineSettings) -> list[Diagnosis]:
    """All that is to be asked for, at once."""
    parts: dict[int, list[Diagnosis]] = {}

    async def collect(at: int, found: AsyncIterator[Diagnosis]) -> None:
        parts[at] = [finding async for finding in found]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect, 0, models(read))
        tasks.start_soon(collect, 1, network(read))
    return parts[0] + parts[1]
