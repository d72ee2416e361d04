"""What a lasting answer to a question would cover, narrow and wide. Pure."""

from pathlib import Path

from chatls.agent.permission.matter import Command, Files, Matter, Part
from chatls.agent.permission.reach import Reach


def narrow(matter: Matter, *, refusing: bool = False) -> tuple[Reach, ...]:
    """What a lasting answer covers that is as narrow as can be. Empty: it cannot be lasting."""
    if isinstance(matter, Files) and matter.server:
        return (Reach("tool"),)
    if matter.always is not None or matter.root is None:
        return ()
    if isinstance(matter, Files):
        if refusing or not matter.edits:
            return () if matter.second and not refusing else (Reach("tool"),)
        return tuple(Reach("file", (name,)) for name in matter.second) if matter.second else (Reach("edits"),)
    exactly = Reach("line", (), matter.line, matter.folder, matter.needs, matter.deciding)
    kinds = {part.kind for part in matter.parts}
    if matter.needs or "other" in kinds or (kinds <= {"reader"} and matter.writes is None):
        return (exactly,)
    if refusing and (kinds != {"runner"} or matter.writes or len({part.key for part in matter.parts}) > 1):
        return (exactly,)
    runs = [_run(part, matter) for part in matter.parts if part.kind == "runner"]
    return tuple(dict.fromkeys((*runs, *_others(matter))))


def wide(matter: Matter) -> tuple[Reach, ...]:
    """What a wider answer would cover; empty: there is none."""
    if isinstance(matter, Files) and matter.server:
        return (Reach("server", (matter.server,)),)
    if matter.always is not None or matter.root is None:
        return ()
    if isinstance(matter, Files):
        names = (Path(name).name for name in matter.second) if matter.edits else ()
        return tuple(dict.fromkeys(Reach("name", (name,)) for name in names))
    runners = [part for part in matter.parts if part.kind == "runner"]
    if matter.needs or not any(part.wide for part in runners) or any(part.kind == "other" for part in matter.parts):
        return ()
    runs = [_run(part, matter) for part in runners if not part.wide]
    return tuple(dict.fromkeys((Reach("checks"), *runs, *_others(matter))))


def _run(part: Part, matter: Command) -> Reach:
    return Reach("run", part.key, "", part.folder, (), matter.deciding)


def _others(matter: Command) -> list[Reach]:
    found = [Reach("changes")] if any(part.kind == "changer" for part in matter.parts) else []
    return found + (list(narrow(matter.writes)) if matter.writes is not None else [])
