"""What a server wants to ask a person (`elicitation/create`) -> a form, and the answer back. Pure."""

from collections.abc import Iterator
from typing import Any

from chatls.content import JsonObject
from chatls.editor import Elicitation, FormAnswer, FormField, FormFieldKind
from chatls.jsontext import printable
from chatls.shapes import as_list, as_object, as_objects, as_text
from chatls.visible import escaped, is_hidden, visible_line

MOST_FIELDS = 50
MOST_CHOICES = 200
LONGEST_MESSAGE = 4000
_LONGEST_VALUE = 10_000
_KINDS: dict[str, FormFieldKind] = {"string": "string", "number": "number", "integer": "integer", "boolean": "boolean"}


class UnaskableError(Exception):
    """Nobody can be asked this. The text says why."""


def form_of(server: str, ids: tuple[str, str, str], params: JsonObject) -> Elicitation:
    """The form that a person is shown; `ids` of the session, the turn and the call. Raises `UnaskableError` where it
    is none: an address to be opened, a list, an object."""
    if params.get("mode", "form") != "form":
        raise UnaskableError("only forms can be asked")
    schema = as_object(params.get("requestedSchema"))
    required = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
    members = list(as_object(schema.get("properties")).items())
    if len(members) > MOST_FIELDS:
        raise UnaskableError(f"a form of more than {MOST_FIELDS} fields cannot be asked")
    fields = tuple(_field(name, as_object(told), required=name in required) for name, told in members)
    return Elicitation(*ids, server, _shown(as_text(params.get("message")))[:LONGEST_MESSAGE], fields)


def answered(form: Elicitation, answer: FormAnswer) -> JsonObject:
    """The result of `elicitation/create`: what a person wrote, as far as it fits; declined where it does not."""
    if answer.action != "accept":
        return {"action": answer.action}
    content: JsonObject = {}
    for field in form.fields:
        value = (answer.values or {}).get(field.name)
        if value is None:
            value = field.default
        if value is None and not field.required:
            continue
        if not _fits(field, value):
            return {"action": "cancel"}
        content[field.name] = value
    return {"action": "accept", "content": content}


def _field(name: str, told: JsonObject, *, required: bool) -> FormField:
    title = visible_line(as_text(told.get("title")) or name)
    if words := as_text(told.get("description")):
        title = f"{title}: {visible_line(words, 500)}"
    default = told.get("default")
    choices = tuple(_choices(told))[:MOST_CHOICES]
    kind = "choice" if choices else _KINDS.get(as_text(told.get("type")))
    if kind is None:
        raise UnaskableError(f"the field {visible_line(name)!r} cannot be asked")
    found = FormField(name, title, kind, required=required, choices=choices or None)
    plain = default if isinstance(default, str | int | float | bool) and _fits(found, default) else None
    return FormField(name, title, kind, required=required, choices=choices or None, default=plain)


def _choices(told: JsonObject) -> Iterator[str]:
    named = as_list(told.get("enum")) or [one.get("const") for one in as_objects(told.get("oneOf"))]
    yield from (one for one in named if isinstance(one, str))


def _fits(field: FormField, value: Any) -> bool:
    match field.type:
        case "choice":
            return value in (field.choices or ())
        case "string":
            return isinstance(value, str) and len(value) <= _LONGEST_VALUE
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(text: str) -> str:
    text = printable(text[: 2 * LONGEST_MESSAGE]).replace("\r\n", "\n")
    return "".join(escaped(one) if is_hidden(one) and one not in "\n\t" else one for one in text)
