"""What a person sets for a session: model, mode, thinking (`configOptions`, and `modes` for older clients). Pure."""

from collections.abc import Iterable, Mapping
from typing import get_args

from chatls.content import JsonObject
from chatls.events import WorkingMode

MODES: Mapping[WorkingMode, tuple[str, str]] = {
    "ask": ("Ask", "Asks before anything changes"),
    "plan": ("Plan", "Looks, and says what it would do; nothing changes"),
    "edits": ("Edits", "Edits ordinary files of the workspace unasked"),
}
THINKING = {"default": "As the model does", "off": "Off", "low": "Low", "medium": "Medium", "high": "High"}
UNSET = "default"
"""The model that the settings name, or that is chosen by what is there."""


def mode_of(text: str) -> WorkingMode | None:
    """The mode of that name."""
    return next((mode for mode in get_args(WorkingMode) if mode == text), None)


def modes(current: WorkingMode) -> JsonObject:
    """`modes` of a new session."""
    known = [{"id": mode, "name": name, "description": text} for mode, (name, text) in MODES.items()]
    return {"currentModeId": current, "availableModes": known}


def options(model: str | None, mode: WorkingMode, thinking: str | None, models: Iterable[str]) -> list[JsonObject]:
    """`configOptions`. The current value is always among those that can be chosen."""
    known = (UNSET, *([model] if model else []), *models)
    names = {name: "Default" if name == UNSET else name for name in known}
    return [
        _select("model", "Model", "model", model or UNSET, names),
        _select("mode", "Mode", "mode", mode, {one: name for one, (name, _) in MODES.items()}),
        _select("thinking", "Thinking", "thought_level", thinking or UNSET, THINKING),
    ]


def _select(name: str, title: str, category: str, value: str, choices: Mapping[str, str]) -> JsonObject:
    listed = [{"value": choice, "name": text} for choice, text in choices.items()]
    head = {"type": "select", "id": name, "name": title, "category": category}
    return {**head, "currentValue": value, "options": listed}
