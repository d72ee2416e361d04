"""Which files hold secrets, told by their names; pure, it knows no disk.

One table serves the check of a single path and, as globs, the searches that must not look into such files. Names that
mean as often something else are told apart by the beginning of what they hold (`looks_like_key`).

Sources: the documentation of each program; gitleaks' and GitHub's lists of files that are committed by mistake.
"""

import re
import unicodedata
from fnmatch import fnmatchcase
from pathlib import PurePath

_ENVIRONMENT = (".env*", "*.env", ".dev.vars*")
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
    "*.kdb",
    "*.tfstate",
    "*.tfstate.*",
    "*.tfvars",
    "*.tfvars.json",
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
    "credentials.tfrc.json",
    ".terraformrc",
    "secrets.yaml",
    "secrets.yml",
    "secrets.toml",
    "secrets.json",
    "kubeconfig",
    "*.kubeconfig",
    ".s3cfg",
    ".boto",
    ".passwd-s3fs",
    "rclone.conf",
    ".vault_pass",
    ".vault_pass.txt",
    ".rediscli_auth",
    ".bash_history",
    ".zsh_history",
    ".zhistory",
    ".sh_history",
    ".histfile",
    ".history",
    "fish_history",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".rediscli_history",
    ".irb_history",
)
_IN_FOLDERS = (
    ".git/config",
    ".aws/*",
    ".azure/accesstokens.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".docker/config.json",
    ".gem/credentials",
    ".gnupg/*",
    ".kube/*",
    "gcloud/*.db",
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
    "*.example.*",
    "*.sample.*",
    "*.template.*",
    ".env.d.ts",
    ".env.schema",
    "known_hosts",
    "authorized_keys",
)
_SOURCES = re.compile(
    r".+\.(py|pyi|js|mjs|cjs|jsx|ts|mts|cts|tsx|go|rs|java|kt|kts|scala|c|h|cc|cpp|hpp|cs|fs|rb|php|pl|lua|swift|m|dart|"
    r"ex|exs|erl|hs|clj|ml|sql|md|rst|adoc|html|css|scss|vue|svelte)"
)
"""Sources are none, whatever they are called."""
_PERHAPS = ("*key*.json", "auth.json", "token.json", "tokens.json", "*_token.json", "*-token.json")
"""These are secrets where they look like one."""
_KEYLIKE = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|"
    rb"\"(private_?key(_?id)?|client_?secret|access_?token|refresh_?token|id_?token|auth_?token|api_?key|secret(_?access)?_?key|"
    rb"password|passwd|bearer|http-basic|github-oauth|gitlab-token)\"\s*:|"
    rb"\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20}|\bsk-[A-Za-z0-9_-]{20}|\bxox[abpr]-|\beyJ[A-Za-z0-9_-]{20}|"
    rb"\"(token|key|secret|value)\"\s*:\s*\"[A-Za-z0-9+/_.=-]{20,}\"",
    re.IGNORECASE,
)
LOOKED_AT = 4096
"""Bytes of a file's beginning that tell whether it is a key."""

CANDIDATES = tuple(f"**/{name}" for name in (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS, *_IN_FOLDERS, *_PERHAPS))
"""Globs (to be matched without regard to case) of all files that may hold secrets, harmless ones included."""
SECRETS = (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS, *_IN_FOLDERS)
"""As globs of names, without regard to case."""
SECRET_FOLDERS = frozenset(name.split("/")[0] for name in _IN_FOLDERS if name.startswith("."))
"""Folders that are not read whole."""


def _any_case(glob: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in glob)


EXCLUDED = (
    *(f"--exclude={_any_case(name)}" for name in (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS, *_PERHAPS, "hosts.yml")),
    *(f"--exclude-dir={_any_case(name)}" for name in sorted(SECRET_FOLDERS)),
)
"""What keeps a `grep` of whole folders from them; it knows no path, so it leaves out more."""


def holds_secrets(path: PurePath) -> bool:
    """Whether a file of this name usually holds secrets. Spelling tricks that reach the same file do not help.

    >>> [holds_secrets(PurePath(name)) for name in ("a/.ENV", "a/.env.example", "a/.aws/credentials", "a/env.py")]
    [True, False, True, False]
    """
    *_, folder, name = ("", "", *(folded(part) for part in path.parts))
    if _is_harmless(name):
        return False
    return any(fnmatchcase(name, pattern) for pattern in (*_ENVIRONMENT, *_KEYS, *_CREDENTIALS)) or any(
        fnmatchcase(f"{folder}/{name}", pattern) for pattern in _IN_FOLDERS
    )


def may_hold_secrets(path: PurePath) -> bool:
    """Whether a file of this name holds one where it looks like it, too.

    >>> may_hold_secrets(PurePath("deploy-key.json")), may_hold_secrets(PurePath("keymap.py"))
    (True, False)
    """
    name = folded(path.name)
    return not _is_harmless(name) and any(fnmatchcase(name, pattern) for pattern in _PERHAPS)


def looks_like_key(beginning: bytes) -> bool:
    """Whether the beginning of such a file (`LOOKED_AT` bytes) is that of a key.

    >>> looks_like_key(b'{"refresh_token": "1//0abc"}'), looks_like_key(b'{"key": "ctrl+s"}')
    (True, False)
    """
    return _KEYLIKE.search(beginning[:LOOKED_AT]) is not None


def _is_harmless(name: str) -> bool:
    return _SOURCES.fullmatch(name) is not None or any(fnmatchcase(name, pattern) for pattern in _HARMLESS)


def folded(name: str) -> str:
    """One spelling for all that a case-insensitive or normalising file system takes for the same name."""
    plain = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", plain).casefold().split(":")[0].rstrip(". ")
