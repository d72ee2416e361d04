"""The way to a server, from its settings: a program that is started, or an address."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.children.programs import clean_path
from chatls.errors import ProviderError, SettingsError
from chatls.mcp.http import HttpLink
from chatls.mcp.link import Hear, LinkError, ServerLink
from chatls.mcp.stdio import StdioLink
from chatls.providers.http.client import address
from chatls.providers.http.keys import ApiKey, Blotter, check_headers
from chatls.seen.secrets import shown_arguments
from chatls.settings.config import McpSettings

_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}")


async def linked(name: str, settings: McpSettings, environment: Mapping[str, str], hear: Hear) -> ServerLink:
    """Start the program, or prepare to talk to the address. Raises `LinkError`."""
    if settings.url:
        return _address(settings, settings.url, hear)
    wanted = {key: _filled(value, f"env.{key}") for key, value in settings.env.items()}
    whole = {**environment, **wanted}
    clean = Blotter((*wanted.values(), *_named_in(settings.args), *shown_arguments(settings.args)[1])).clean
    folder = await to_thread.run_sync(_folder, settings.cwd or "~")
    program = await to_thread.run_sync(_program, settings.command or "", whole)
    argv = (program, *(_filled(argument, "args") for argument in settings.args))
    return await StdioLink.start(name, argv, whole, folder, hear, clean)


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if not folder.is_absolute() or not folder.is_dir():
        raise LinkError(f"cwd is no absolute path of a folder: {folder}", final=True)
    return folder


def _program(command: str, environment: Mapping[str, str]) -> str:
    """The file that the word means: in the person's own search path, never in a folder that happens to be open."""
    word = str(Path(command).expanduser()) if command.startswith("~") else command
    if "/" in word and not Path(word).is_absolute():
        raise LinkError(f"command must be a name or an absolute path: {command}", final=True)
    found = shutil.which(word, path=clean_path(environment.get("PATH", os.defpath)))
    if found is None:
        raise LinkError(f"there is no program {command!r} in the search path (PATH)", final=True)
    return found


def _address(settings: McpSettings, url: str, hear: Hear) -> ServerLink:
    own = {key: _filled(value, f"headers.{key}") for key, value in settings.headers.items()}
    secrets = [*own.values(), *shown_arguments([url])[1]]
    key = _key(settings)
    if key is not None:
        secrets += key.known
    blotter = Blotter(secrets)
    try:
        if address(url).userinfo:
            raise LinkError("url may hold no user and no password: use headers, key_env or key_command", final=True)
        check_headers(own, "headers")
    except ValueError as error:
        raise LinkError(f"url is no address: {error}", final=True) from error
    except SettingsError as error:
        raise LinkError(str(error), final=True) from error
    return HttpLink(url, partial(_headers, own, key), hear, blotter.clean)


def _key(settings: McpSettings) -> ApiKey | None:
    if variable := settings.key_env:
        if value := os.environ.get(variable, "").strip():
            return ApiKey(f"the environment variable {variable}", value)
        raise LinkError(f"it needs a key: the environment variable {variable} is not set", final=True)
    if settings.key_command:
        return ApiKey(f"key_command ({settings.key_command[0]})", command=settings.key_command)
    return None


async def _headers(own: dict[str, str], key: ApiKey | None) -> dict[str, str]:
    try:
        return {**own, **({"authorization": f"Bearer {await key.get()}"} if key else {})}
    except ProviderError as error:
        raise LinkError(str(error), final=True) from error


def _named_in(arguments: Iterable[str]) -> Iterator[str]:
    """What variables hold that arguments name, and may be secret: all but paths."""
    for argument in arguments:
        found = (os.environ.get(match[1], "") for match in _VARIABLE.finditer(argument))
        yield from (value for value in found if not value.startswith("/"))


def _filled(value: str, where: str) -> str:
    """`${NAME}` is what that variable of the environment holds. Raises `LinkError` where there is none."""

    def held(match: re.Match[str]) -> str:
        if (found := os.environ.get(match[1])) is None:
            raise LinkError(f"{where} names the environment variable {match[1]}, which is not set", final=True)
        return found

    return _VARIABLE.sub(held, value)
