"""The settings as they are now: the client's last word over the user's file. By default all sessions share one."""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import platformdirs

from chatls.config import PermissionRule, Settings
from chatls.errors import INVALID_SETTINGS, RequestError, SettingsError
from chatls.layers import Layer, merge


class Configuration:
    """Settings that replace one another."""

    def __init__(self, tools: Collection[str] | None = None) -> None:
        """`tools`: the names of tools that settings may name; None: any."""
        self._tools = tools
        self._now: Settings | SettingsError = Settings()
        self._sound = Settings()
        """The last ones that could be used."""

    def configure(self, source: str, values: Any) -> SettingsError | None:
        """Take the client's settings instead of those that it gave before; the user's file lies below them.

        Gives what is wrong.
        """
        try:
            file = read_user_file(user_file())
            client = Layer(source, {} if values is None else values)
            self._now = self._sound = merge([file, client] if file else [client], self._tools)
        except SettingsError as error:
            self._now = error
            return error
        return None

    def settings(self) -> Settings:
        """The settings. Raises `RequestError` (1007) if they cannot be used."""
        if isinstance(self._now, SettingsError):
            raise RequestError(INVALID_SETTINGS, str(self._now)) from self._now
        return self._now

    def rules(self) -> tuple[PermissionRule, ...]:
        """Who may do what, as it is known now, also for turns that run."""
        return self._sound.permissions


def user_file() -> Path:
    """Where the user's own settings lie."""
    return platformdirs.user_config_path("chatls", appauthor=False) / "config.toml"


def read_user_file(path: Path) -> Layer | None:
    """The user's layer, or None where there is no file. Raises `SettingsError`."""
    try:
        text = path.read_text("utf-8")
        return Layer(str(path), tomllib.loads(text), text or "\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
