"""What the model is told of the mode in which the person works: in the person's message, so that the system prompt
stays."""

from chatls.agent.session import Session
from chatls.content import TextContent
from chatls.events import WorkingMode

_WORDS: dict[WorkingMode, str] = {
    "ask": "From now on the user is asked before anything changes.",
    "plan": (
        "The user wants a plan: look at whatever you need, and say what you would do. Nothing can be "
        "changed now; of commands only "
        "those run that read."
    ),
    "edits": "From now on edits of ordinary files in the workspace are made without a question; other "
    "changes are asked about.",
}


def told(session: Session) -> tuple[TextContent, ...]:
    """What to put behind a person's words: something where the mode is another than the model knows."""
    if session.mode == session.told_mode:
        return ()
    session.told_mode = session.mode
    return (TextContent(f"[{_WORDS[session.mode]}]"),)
