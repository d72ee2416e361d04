"""Which files hold secrets, told by their names alone; pure, it knows no disk.

One table serves the check of a single path and, as globs, the searches that must not look into such files.
"""

import unicodedata
from fnmatch import fnmatchcase
from pathlib import PurePath

_ENVIRONMENT = (".env", ".env.*", ".env~", "*.env", ".envrc")
_KEYS = (
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.pkcs12",
    "*.ppk",
    "*.jks",
    "*.keystore",
    "*.kdbx",
)
_CREDENTIALS = (
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".dockercfg",
    ".vault-token",
    ".git-credentials",
    ".credentials.json",
    "credentials.json",
    "client_secret*.json",
    "service-account*.json",
    "service_account*.json",
    "application_default_credentials.json",
)
_IN_FOLDERS = (
    ".aws/credentials",
    ".azure/accesstokens.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".docker/config.json",
    ".gem/credentials",
    ".gnupg/*",
    ".kube/config",
    ".m2/settings.xml",
    ".ssh/*",
    "gh/hosts.yml",
)
_HARMLESS = (
    "*.example",
    "*.sample",
    "*.template",
    "*.dist",
    "*.pub",
    "example.env",
    "sample.env",
    "template.env",
    "known_hosts",
    "authorized_keys",
)

CANDIDATES = tuple(f"**/{name}" for name in (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS, *_IN_FOLDERS))
"""Globs (to be matched without regard to case) of all files that may hold secrets, harmless ones included."""


def holds_secrets(path: PurePath) -> bool:
    """Whether a file of this name usually holds secrets. Spelling tricks that reach the same file do not help.

    >>> [holds_secrets(PurePath(name)) for name in ("a/.ENV", "a/.env.example", "a/.aws/credentials", "a/env.py")]
    [True, False, True, False]
    """
    *_, folder, name = ("", "", *(folded(part) for part in path.parts))
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
        return False
    return any(fnmatchcase(name, pattern) for pattern in (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS)) or any(
        fnmatchcase(f"{folder}/{name}", pattern) for pattern in _IN_FOLDERS
    )


def folded(name: str) -> str:
    """One spelling for all that a case-insensitive or normalising file system takes for the same name."""
    plain = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", plain).casefold().split(":")[0].rstrip(". ")
