"""A scene as a profile of macOS's sandbox (`sandbox-exec -p`), a text in its Scheme. Pure. Tested as text alone.

Later rules win over earlier ones. NameGlobs: `sandbox_init(3)`, and the profiles that come with the system in
/System/Library/Sandbox/Profiles.
"""

from collections.abc import Iterator, Sequence

from chatls.children.wall.scene import Scene, Shown, Sort, ordered

_HEAD = """\
(version 1)
(deny default)
(allow process-exec) (allow process-fork)
(allow signal (target same-sandbox)) (allow process-info* (target same-sandbox))
(allow sysctl-read) (allow file-read-metadata) (allow ipc-posix-sem) (allow ipc-posix-shm)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read* (literal "/") (subpath "/System") (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/dev")
  (subpath "/Library/Developer") (subpath "/Library/Apple") (subpath "/Library/Frameworks")
  (subpath "/Applications/Xcode.app") (subpath "/opt/homebrew") (subpath "/private/etc")
  (subpath "/private/var/db/timezone") (subpath "/private/var/select"))
(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))
"""


def profile(scene: Scene) -> str:
    """The whole text."""
    network = "(allow network*)\n(allow system-socket)\n" if scene.network else ""
    return _HEAD + network + "".join(f"{line}\n" for spot in ordered(scene) for line in _rules(spot))


def arguments(program: str, scene: Scene, argv: Sequence[str]) -> tuple[str, ...]:
    """The whole argument vector; it starts in the folder that it is started in."""
    return (program, "-p", profile(scene), *argv)


def _rules(spot: Shown) -> Iterator[str]:
    place = f'({"subpath" if spot.folder else "literal"} "{_quoted(str(spot.path))}")'
    match spot.sort:
        case Sort.READABLE:
            yield f"(allow file-read* {place})"
        case Sort.WRITABLE:
            yield f"(allow file-read* file-write* {place})"
            yield f'(deny file-write-unlink (literal "{_quoted(str(spot.path))}"))'
        case Sort.FIXED:
            yield f"(allow file-read* {place})"
            yield f"(deny file-write* {place})"
        case Sort.EMPTY:  # there are no mounts of its own here: of the user's folders nothing is readable
            yield f"(deny file-read* file-write* {place})"
        case Sort.REPLACED | Sort.HIDDEN:
            yield f"(deny file-read* file-write* {place})"


def _quoted(text: str) -> str:
    r"""
    >>> print(_quoted('a "b" \\ c'))
    a \"b\" \\ c
    """
    return text.replace("\\", "\\\\").replace('"', '\\"')
