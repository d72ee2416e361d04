"""What can be asked of a client that has language servers."""

from pydantic import Field, StrictBool, StrictStr

from chatls.language import DocumentEdits, LanguagePlace, LanguageRequest
from chatls.wire.params import Params, RequestToClient


class LanguageAnswer(Params):
    """What they say. An answer without any of it: they know of nothing."""

    places: list[LanguagePlace] = Field(default_factory=list[LanguagePlace])
    """What does not fit is passed over; of more than 2000 the first are read."""
    text: StrictStr | None = None
    """With `hover`: what they tell of the symbol, plain or markdown; at most 10,000 characters count."""
    edits: list[DocumentEdits] = Field(default_factory=list[DocumentEdits])
    """With `rename`: all of it. What does not fit fails it."""
    unserved: StrictBool = False
    """There is no language server that could be asked this."""
    failure_reason: StrictStr | None = None
    """Why there is nothing, in the words of a language server or of the client, for the model."""


LANGUAGE = RequestToClient(
    "chat/language", "language", LanguageRequest, LanguageAnswer, "What do the language servers say of a symbol?"
)
