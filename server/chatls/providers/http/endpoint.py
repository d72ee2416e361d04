"""A model server as settings and catalogue describe it: base URL, API key, headers. Light; opens nothing."""

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from chatls.errors import CREDENTIALS_MISSING, RequestError, SettingsError
from chatls.providers.http.keys import ApiKey, check_headers
from chatls.providers.known.catalog import BEARER, KeyHeader, Known, entry_of
from chatls.settings.config import ProviderSettings
from chatls.values import dataclass

_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
"""Headers that carry keys: one that the settings give stands for the key."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and as whom."""

    name: str
    """The provider's name in the settings."""
    base_url: str
    """http or https, with a host; no query, nothing secret."""
    key: ApiKey | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Extra request headers; they win over our own."""
    key_header: KeyHeader = BEARER
    """The header that carries the key, and what stands before it."""
    start: str = ""
    """The command that starts it, if it is known and runs on this machine."""

    @property
    def sent(self) -> str:
        """Which key is sent, for people: where it comes from; "" if none is."""
        if self.key is not None:
            return self.key.hint
        header = next((name for name in self.headers if name.lower() in _KEY_HEADERS), "")
        return header and f"the header {header} of the settings"


def find_endpoint(name: str, own: ProviderSettings, environment: Mapping[str, str]) -> Endpoint:
    """The server of that name: its own settings, and what the catalogue knows.

    Raises `SettingsError` for an address or a header that cannot be used, `RequestError` (1004) if its key is missing.
    """
    entry = entry_of(name, own)
    base_url = own.base_url or (entry.base_url if entry else "")
    if not base_url:
        raise SettingsError(f"provider {name!r} needs a base_url")
    _check_address(name, base_url)
    check_headers(own.headers, f"provider {name!r}")
    key = _key(name, own, entry, environment)
    start = entry.start if entry else ""
    return Endpoint(name, base_url, key, own.headers, entry.key_header if entry else BEARER, start)


def _check_address(name: str, base_url: str) -> None:
    try:
        url = urlsplit(base_url)
        good = url.scheme in ("http", "https") and bool((url.hostname or "").encode("idna")) and url.port != 0
    except ValueError:
        raise SettingsError(f"provider {name!r}: base_url is no address") from None
    if not good:
        raise SettingsError(f"provider {name!r}: base_url must begin with http:// or https:// and name a host")
    if url.username is not None or url.query or url.fragment:
        raise SettingsError(
            f"provider {name!r}: base_url may hold no user, query or fragment; for keys use api_key_env"
        )


def _is_at_home(own: ProviderSettings, entry: Known) -> bool:
    """Whether the address is the known server's; where everybody has one of his own, each is."""
    return own.base_url in (None, entry.base_url) or not entry.base_url


def _key(name: str, own: ProviderSettings, entry: Known | None, environment: Mapping[str, str]) -> ApiKey | None:
    variables = (own.api_key_env,) if own.api_key_env else ()
    if not variables and not own.api_key_command and entry and _is_at_home(own, entry):
        # The key of a known server is for that server: with another address, another key has to be named.
        variables = entry.key_variables
    for variable in variables:
        if value := environment.get(variable, "").strip():
            return ApiKey(f"the environment variable {variable}", value)
    if own.api_key_command:
        return ApiKey(f"the api_key_command of {name!r} ({own.api_key_command[0]})", command=own.api_key_command)
    if not variables or any(header.lower() in _KEY_HEADERS for header in own.headers):
        return None
    where = f"the environment variable {' or '.join(variables)}, or api_key_command in the settings"
    raise RequestError(CREDENTIALS_MISSING, f"{name} needs a key: set {where}")
