"""The system prompt of a session: where the model is, how to use its tools, and what the user tells every agent."""

from datetime import date
from functools import cache
from importlib.resources import files
from platform import system

from chatls.agent.instructions import Instructions
from chatls.agent.surroundings import Surroundings
from chatls.editor import Root
from chatls.events import Notice
from chatls.values import dataclass
from chatls.workspace.skills.handbook import Handbook
from chatls.workspace.workspace import Workspace


@dataclass(slots=True, eq=False)
class SystemPrompt:
    """That of one session. The same for as long as the folders are: a new date at midnight would cost the provider's
    cache, and Anthropic's thinking blocks are bound to the prompt that they were written under.
    """

    told: tuple[tuple[Root, ...], str] | None = None
    """The prompt, and the folders that it was made for; None until it was made."""

    def forget(self) -> None:
        """Make it anew the next time: the history behind it is another one."""
        self.told = None

    async def read(
        self,
        workspace: Workspace,
        instructions: Instructions,
        around: Surroundings | None = None,
        handbook: Handbook | None = None,
    ) -> tuple[str, Notice | None]:
        """The prompt; with it, words for a person on what of theirs went into it, where that is new.

        `around`: what commands find here, if there are any. `handbook`: the skills that the model can read, if it can.
        """
        if self.told is not None and self.told[0] == workspace.roots:
            return self.told[1], None
        text, notice = await instructions.read(workspace)
        skills, words = ("", "") if handbook is None else await handbook.told(workspace)
        told = "" if around is None else await around.told(workspace)
        own = f"{system_prompt(workspace)}{told}\n" if told else system_prompt(workspace)
        prompt = "\n".join(part for part in (own, skills, text) if part)
        self.told = workspace.roots, prompt
        if words:
            notice = Notice(f"{notice.text}; {words}" if notice else words)
        return prompt, notice


@cache
def _how_to_work() -> str:
    return files("chatls.agent").joinpath("system.md").read_text("utf-8").strip()


def system_prompt(workspace: Workspace) -> str:
    """Where the model is and how to use its tools. Stable within a day, so that providers can cache it."""
    roots = workspace.roots
    if not roots:
        place = "No folder is open: there are no files to look at."
    elif len(roots) == 1:
        place = f"The workspace is the folder {roots[0].path}. Paths are relative to it."
    else:
        named = "\n".join(f"- {root.name}: {root.path}" for root in roots)
        place = f"The workspace has several folders. Paths begin with the folder's name.\n{named}"
    return f"{_how_to_work()}\n\n{place}\nOperating system: {system()}. Today is {date.today().isoformat()}.\n"
