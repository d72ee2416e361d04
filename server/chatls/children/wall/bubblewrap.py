"""A scene as arguments of bubblewrap (`bwrap`, Linux). Pure: the same scene gives the same arguments.

https://github.com/containers/bubblewrap. No setuid program gains anything inside (no_new_privs), there is no
capability, no further user namespace. The process group is the command's: the sandbox's first process is in it, with
whose end everything ends that was started inside.
"""

from collections.abc import Iterator, Sequence

from chatls.children.wall.scene import Scene, Shown, Sort, ordered

_APART = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--hostname", "sandbox", "--cap-drop", "ALL"),
)


def arguments(program: str, scene: Scene, argv: Sequence[str], *, closed: bool = True) -> tuple[str, ...]:
    """The whole argument vector, `argv` at its end. `closed`: this bubblewrap can keep user namespaces from being made
    inside (0.8)."""
    return (
        program,
        *_APART,
        *(("--disable-userns",) if closed else ()),
        *(() if scene.network else ("--unshare-net",)),
        *(word for said, path in scene.links for word in ("--symlink", said, path)),
        *("--proc", "/proc", "--ro-bind-try", "/proc/sys", "/proc/sys", "--dev", "/dev"),  # bwrap leaves root's to root
        *(word for spot in ordered(scene) for word in _words(spot)),
        *("--chdir", str(scene.folder), "--"),
        *argv,
    )


def _words(spot: Shown) -> Iterator[str]:
    path = str(spot.path)
    match spot.sort:
        case Sort.READABLE:
            yield from ("--ro-bind-try", path, path)
        case Sort.WRITABLE:
            yield from ("--bind", path, path)
        case Sort.FIXED:
            yield from ("--ro-bind-try", path, path)
        case Sort.REPLACED:
            yield from ("--ro-bind", str(spot.instead or "/dev/null"), path)
        case Sort.EMPTY:
            yield from ("--tmpfs", path)
        case Sort.HIDDEN if spot.folder:
            yield from ("--tmpfs", path, "--remount-ro", path)
        case Sort.HIDDEN:
            yield from ("--ro-bind", "/dev/null", path)


def is_first(title: str) -> bool:
    """Whether a process's command line is that of a sandbox's first process, which ends all that is left inside.

    >>> is_first("/usr/bin/bwrap --unshare-user --unshare-pid"), is_first("sleep 60")
    (True, False)
    """
    return title.partition(" ")[2].startswith(_APART[0])
