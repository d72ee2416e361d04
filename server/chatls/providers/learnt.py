"""What a server refused for one model, so that it is not sent again. Pure; knows no field by name."""

import re
from dataclasses import dataclass

from chatls.errors import ProviderError
from chatls.events import Notice

_NO_TOOLS_IN_STREAMS = re.compile(r"\btools?\b.*\bstream|\bstream(ing|ed)?\b.*\btools?\b", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Learnt:
    """What to leave out."""

    without: frozenset[str] = frozenset()
    """Fields, by an adapter's own names for them."""
    tools_in_streams: bool = True

    def refuse(self, names: frozenset[str]) -> bool:
        """Leave these out from now on; whether that is news."""
        news = names - self.without
        self.without |= news
        return bool(news)

    def refuse_streaming(self, error: ProviderError) -> bool:
        """Ask for whole answers, if that is what a refusal of a streamed request with tools is about."""
        if error.http_status in (None, 400, 422, 500, 501):
            self.tools_in_streams = not _NO_TOOLS_IN_STREAMS.search(str(error))
        return not self.tools_in_streams


def not_streamed(*, wanted: bool) -> Notice:
    """That no text will come for a while, and why. `wanted`: the settings allow streams."""
    why = "the provider cannot stream with tools" if wanted else "the settings say so"
    return Notice(f"answered without streaming: {why}")
