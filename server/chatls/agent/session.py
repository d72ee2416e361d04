"""One conversation: its history, what belongs to it alone, and the table of all conversations by name."""

from pathlib import Path
from uuid import uuid4

from chatls.agent.context.measure import Measure
from chatls.agent.history import History
from chatls.agent.system import SystemPrompt
from chatls.editor import Editor
from chatls.errors import INVALID_STATE, RequestError
from chatls.events import WorkingMode
from chatls.settings.config import PermissionRule
from chatls.settings.configuration import Configuration
from chatls.tools.toolbox import MoreTools
from chatls.values import dataclass
from chatls.workspace.seen import Seen


@dataclass(frozen=True, slots=True)
class Begin:
    """A session that does not exist yet. What is None is the connection's."""

    name: str | None = None
    """None: one of ours."""
    editor: Editor | None = None
    """Its folders and documents, and who is asked."""
    configuration: Configuration | None = None
    keep: bool = True
    """False: nothing of it is on disk, and it ends with the process."""
    new: bool = True
    """False: it is known by its name already, in memory or on the disk."""
    more: MoreTools | None = None
    """Tools that it has beside those of all."""


class Session:
    """One conversation."""

    def __init__(
        self, session_id: str, editor: Editor, configuration: Configuration, *, keep: bool = True, named: bool = True
    ) -> None:
        """`named`: by somebody else, so that there may be one of that name."""
        self.id = session_id
        self.keep = keep
        self.named = named
        self.known = False
        """It was found, or begun; until then it is a name alone."""
        self.title = ""
        self.model: str | None = None
        """The model that a person chose for it, last: "provider/model"."""
        self.editor = editor
        self.configuration = configuration
        self.more: MoreTools | None = None
        """Tools that it has beside those of all."""
        self.history = History()
        self.seen = Seen()
        """The texts that the model knows."""
        self.used = set[Path]()
        """Skills and commands of the workspace that a person was told of."""
        self.system = SystemPrompt()
        self.measure = Measure()
        """How long its history is."""
        self.mode: WorkingMode = "ask"
        self.told_mode: WorkingMode = "ask"
        """The one that the model knows."""
        self.told_news = set[str]()
        """What a person was told of servers."""
        self.told_projects = False
        """And of those that its folders name."""


class Sessions:
    """All conversations of a connection, by name."""

    def __init__(self, editor: Editor, configuration: Configuration) -> None:
        """What sessions have that do not bring their own."""
        self.editor = editor
        self.configuration = configuration
        self._all: dict[str, Session] = {}

    def find(self, session_id: str) -> Session | None:
        """The session of that name."""
        return self._all.get(session_id)

    def begin(self, new: Begin) -> Session:
        """A new session. Raises `RequestError` (1007) if its name is taken."""
        name = f"session-{uuid4().hex[:12]}" if new.name is None else new.name
        if name in self._all:
            raise RequestError(INVALID_STATE, f"the session {name!r} exists")
        configuration = new.configuration or self.configuration
        session = Session(name, new.editor or self.editor, configuration, keep=new.keep, named=new.name is not None)
        session.more = new.more
        self._all[name] = session
        return session

    def forget(self, session: Session) -> None:
        """A refused prompt begins no session, and one that rests need not be remembered."""
        if self._all.get(session.id) is session:
            del self._all[session.id]

    def rules(self, session_id: str | None) -> tuple[PermissionRule, ...]:
        """The rules of a session's settings, or of the connection's (None)."""
        session = self._all.get(session_id) if session_id is not None else None
        return (session or self).configuration.rules()
