"""The command itself: looks around, asks, tries, shows what it would write, and writes it when it may."""

import argparse
import difflib
import os
import re
from collections.abc import Mapping, Sequence

import anyio

from chatls.content import JsonObject
from chatls.errors import RequestError, SettingsError
from chatls.providers.http.endpoint import find_endpoint
from chatls.providers.known.catalog import known
from chatls.providers.known.choice import find_local
from chatls.providers.known.loopback import Found
from chatls.seen.commands import ownfile
from chatls.seen.commands.paper import Paper
from chatls.seen.commands.setup import keys, offers, trial
from chatls.seen.commands.setup.asking import Person
from chatls.seen.commands.setup.offers import ProviderOffer
from chatls.settings.config import ProviderSettings, Settings
from chatls.settings.configuration import Layer, merge, read_user_file, user_file
from chatls.values import dataclass

DESCRIPTION = """\
From nothing to a model that answers: looks for keys in the environment and for model servers on this machine, asks
which one to take, tries it with one short prompt and a tool, and writes your settings once you have seen the change.
"""
EPILOG = """\
A key is kept by the system's keyring (secret-tool, or the package keyring), in a variable, or by a program such as
pass. It is never written to a file. Without a terminal: --provider, --key-env, --model and --yes.
exit codes: 0 if a model answers and the settings say so, 1 if not, 130 if it was cancelled
"""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_OLLAMA_WINDOW = 16384
"""Tokens; its own default cuts tools away on most machines (docs/local-models.md)."""


@dataclass(frozen=True, slots=True)
class _TakenProvider:
    """What a person has chosen."""

    provider: str
    model: str
    """As settings name it."""
    values: Mapping[str, ownfile.SettingValue]
    key: str
    """As it was typed; "" if it is kept elsewhere already."""
    keyring: keys.SystemKeyring | None
    """Where it goes."""
    hint: str

    @property
    def trial(self) -> tuple[JsonObject, dict[str, str]]:
        """Settings and variables to try it with."""
        values: JsonObject = {**self.values}
        if self.key:
            values["api_key_env"] = trial.KEY_VARIABLE
            values.pop("api_key_command", None)
        settings: JsonObject = {"model": self.model, "providers": {self.provider: values} if values else {}}
        return settings, {trial.KEY_VARIABLE: self.key} if self.key else {}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `chatls setup` and return its exit code."""
    options = _parser().parse_args(argv)
    paper = Paper()
    try:
        return _Setup(paper, options).run()
    except (SettingsError, RequestError) as error:
        paper.item("bad", str(error))
        return 1
    except (KeyboardInterrupt, EOFError):
        paper.say()
        paper.say("Nothing was written.")
        return 130


class _Setup:
    """One run."""

    def __init__(self, paper: Paper, options: argparse.Namespace) -> None:
        self._paper = paper
        self._options = options
        self._person = Person(paper)
        self._settings = Settings()
        self._keyring: keys.SystemKeyring | None = None

    def run(self) -> int:
        """All of it. Raises `SettingsError`, `RequestError`, `EOFError`."""
        path = user_file()
        layer: Layer | None = read_user_file(path)
        self._settings = merge([layer] if layer else [])
        found = anyio.run(find_local, self._settings)
        wanted = self._wanted(found)
        while not self._works(wanted):
            if not self._person.agrees("Choose again?"):
                return 1
            wanted = self._wanted(found)
        was = ownfile.read(path)
        text = ownfile.changed(was, wanted.model, wanted.provider, wanted.values)
        if text == was:
            self._paper.item("good", f"{path} says so already")
            return 0
        self._paper.title(f"What changes in {path}")
        self._show(was, text)
        if not (self._options.yes or self._person.agrees("\nWrite this?")):
            self._paper.item("note", "nothing was written (without a terminal, --yes writes it unasked)")
            return 1
        if wanted.keyring is not None:
            wanted.keyring.keep(wanted.provider, wanted.key)
        ownfile.replace(path, was, text)
        self._paper.item("good", "written. Next: chatls ask 'What is in this folder?'", wanted.hint)
        return 0

    def _wanted(self, found: list[Found]) -> _TakenProvider:
        there = offers.offers(self._settings, os.environ, found)
        address: str = self._options.base_url or ""
        name: str = self._options.provider or ""
        offer = next((one for one in there if one.provider == name), None)
        if not name:
            self._tell(there, found)
            offer = self._chosen(there)
            name = offer.provider if offer else ""
        if offer is None and not address and (entry := known(name)) and entry.start:
            raise SettingsError(f"{name} does not answer on this machine, or has no model. Start it: {entry.start}")
        if offer is None and not address and not offers.is_known(name):
            if name and not self._person.there:
                raise SettingsError(f"nothing is known of a provider {name!r}: say where it is with --base-url")
            address = self._person.told("Its address, such as http://127.0.0.1:8000/v1", option="--base-url")
            name = name or self._person.told("A name for it", "mine")
        if not _NAME.fullmatch(name):
            raise SettingsError("a provider's name has letters, digits, - and _, at most 32")
        values: dict[str, ownfile.SettingValue] = {}
        if address:
            values = {"base_url": address, **({} if known(name) else {"kind": "openai_chat"})}
        place, key = self._key(name, address)
        values |= place.values
        model = self._model(offer or ProviderOffer(name, "" if address else _default(name), "", ready=False))
        own = self._settings.providers.get(name, ProviderSettings())
        if name == "ollama" and own.context_window is None:
            values["context_window"] = _OLLAMA_WINDOW
        self._check(name, values, typed=bool(key))
        return _TakenProvider(
            name, f"{name}/{model}" if model else name, values, key, self._keyring if key else None, place.hint
        )

    def _tell(self, there: list[ProviderOffer], found: list[Found]) -> None:
        self._paper.title("What there is")
        ready = [offer for offer in there if offer.ready]
        for offer in ready:
            model = f", with the model {offer.model}" if offer.model else ""
            self._paper.item("good", f"{offer.provider}: {offer.why}{model}")
        if not ready:
            self._paper.item("note", "no key in the environment, and no model server answers on this machine")
        if not found:
            self._paper.item("note", offers.local_advice(offers.memory()))

    def _chosen(self, there: list[ProviderOffer]) -> ProviderOffer | None:
        """The offer that a person takes; None: another server."""
        if self._person.there:
            self._paper.title("Which model should answer?")
            for number, offer in enumerate((*(f"{one.provider}: {one.why}" for one in there), "another server"), 1):
                first, *rest = self._paper.wrapped(offer, 6)
                self._paper.say("\n".join((f"  {number:2}  {first}", *(f"      {row}" for row in rest))))
        default = "1" if there and there[0].ready else ""
        while True:
            said = self._person.told("Its number", default, option="--provider")
            if said == str(len(there) + 1):
                return None
            for number, offer in enumerate(there, 1):
                if said in (str(number), offer.provider):
                    return offer
            self._paper.item("warning", f"a number from 1 to {len(there) + 1}, or a name")

    def _key(self, name: str, address: str) -> tuple[keys.KeyPlace, str]:
        """Where the key comes from; and the key itself if it was typed and is to be kept."""
        if self._options.key_env:
            return keys.from_variable(self._options.key_env), ""
        if self._options.key_command:
            return keys.from_command(self._options.key_command), ""
        own, entry = self._settings.providers.get(name, ProviderSettings()), known(name)
        if own.api_key_env or own.api_key_command:
            return keys.KeyPlace(), ""
        free = entry is None or bool(address) or not entry.key_variables
        if not free and entry and (variable := offers.set_variable(entry, self._settings, os.environ)):
            return keys.KeyPlace({}, f"{variable} must be set where chatls or the editor starts"), ""
        if free and not (address and self._person.there):
            return keys.KeyPlace(), ""
        return self._asked_key(name, free=free)

    def _asked_key(self, name: str, *, free: bool) -> tuple[keys.KeyPlace, str]:
        none = "; Enter: it needs none" if free else ""
        if self._person.there:
            self._keyring = keys.find_keyring()
        if self._keyring is not None:
            if key := self._person.secret(f"The key of {name}, for the system's keyring (not shown{none})"):
                return self._keyring.place(name), key
            if free:
                return keys.KeyPlace(), ""
        elif self._person.there:
            entry = known(name)
            advice = keys.no_keyring(name, entry.key_variables[0] if entry and entry.key_variables else "")
            self._paper.item("note", "no keyring is in reach, and a key is never written to a file", advice)
        question = f"The environment variable that holds the key of {name}, or a command that prints it{none}"
        while True:
            said = self._person.told(question, option="--key-env or --key-command")
            if not said and free:
                return keys.KeyPlace(), ""
            try:
                return keys.from_words(said), ""
            except SettingsError as error:
                self._paper.item("warning", str(error))

    def _model(self, offer: ProviderOffer) -> str:
        if self._options.model:
            return self._options.model.removeprefix(f"{offer.provider}/")
        question = "The model" if offer.model else "The model (Enter: the server's only one)"
        return self._person.told(question, offer.model)

    def _check(self, name: str, values: Mapping[str, ownfile.SettingValue], *, typed: bool) -> None:
        """Whether such settings can be used at all. Raises `SettingsError`, `RequestError`."""
        own = self._settings.providers.get(name)
        layers = [] if own is None else [Layer("your settings", {"providers": {name: own.model_dump()}})]
        merged = merge([*layers, Layer("these settings", {"providers": {name: dict(values)}})])
        if merged.providers[name].kind not in ("local", "scripted") and not typed:
            find_endpoint(name, merged.providers[name], os.environ)

    def _works(self, wanted: _TakenProvider) -> bool:
        self._paper.title(f"Trying {wanted.model}")
        self._paper.say("  one short prompt, with a tool; a server may load its model first ...")
        came = trial.tried(*wanted.trial, lambda words: self._paper.item("note", words))
        if came.uses_tools:
            self._paper.item("good", "it answers, and can use tools")
            return True
        if came.answers:
            self._paper.item("warning", f"it answers, but did not read a file with a tool: {came.words}")
        else:
            self._paper.item("bad", f"it does not answer: {came.words}", "chatls doctor says more")
        return self._person.agrees("Take it all the same?")

    def _show(self, was: str, text: str) -> None:
        rows = difflib.unified_diff(was.splitlines(), text.splitlines(), lineterm="", n=2)
        for row in list(rows)[2:]:
            if row.startswith("@@"):
                continue
            self._paper.row("  " + self._paper.painted(row, {"+": "32", "-": "31"}.get(row[:1], "0")))


def _default(name: str) -> str:
    entry = known(name)
    return entry.model if entry else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "chatls setup",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--provider", metavar="NAME", help="which provider (anthropic, openai, ollama, ...)")
    parser.add_argument("--model", metavar="MODEL", help="which of its models (default: its usual one)")
    parser.add_argument("--base-url", metavar="URL", help="the address of a server of your own")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key-env", metavar="VARIABLE", help="the environment variable that holds the key")
    key.add_argument("--key-command", metavar="COMMAND", help="a command that prints the key")
    parser.add_argument("--yes", action="store_true", help="write the settings unasked, if the model answers")
    return parser
