"""A program that is run inside the sandbox and tries to get out. Standard library alone; knows nothing of the tests.

    escapes.py FACTS

FACTS is a JSON file of what there is outside. Each attempt prints a line: its name, a tab, "held" or what it got.
"""

import array
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
ROOT, HOME = Path(FACTS["root"]), Path(FACTS["home"])
PID: int = FACTS["pid"]
LIBC = ctypes.CDLL(None, use_errno=True)
ATTEMPTS: list[Callable[[], object]] = []

MS_BIND, MS_REMOUNT, MS_RDONLY = 4096, 32, 1
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000


def attempt(function: Callable[[], object]) -> Callable[[], object]:
    """It returns what it got; nothing, or an error, means that the wall held."""
    ATTEMPTS.append(function)
    return function


def libc(name: str, *arguments: object) -> int:
    """A call of the C library: -1 is a failure."""
    return int(getattr(LIBC, name)(*arguments))


def did(result: int) -> str:
    return "" if result < 0 else f"it returned {result}"


def canary(text: str) -> str:
    return text if "canary" in text else ""


def read(path: object) -> str:
    return canary(Path(str(path)).read_text(errors="replace"))


def opened(path: object) -> str:
    """Only opened, where writing would hurt the machine if the wall did not hold."""
    os.close(os.open(str(path), os.O_WRONLY))
    return f"{path} can be written"


def written(path: object, text: str = "evil") -> str:
    Path(str(path)).write_text(text)
    return f"{path} was written"


# Network


@attempt
def loopback() -> object:
    return socket.create_connection(("127.0.0.1", FACTS["port"]), timeout=2) and "connected"


@attempt
def loopback_of_version_6() -> object:
    return socket.create_connection(("::1", FACTS["port"]), timeout=2) and "connected"


@attempt
def the_machines_own_address() -> object:
    return socket.create_connection((FACTS["address"], FACTS["port"]), timeout=2) and "connected"


@attempt
def datagrams() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        return out.sendto(b"canary", ("192.0.2.1", 53)) and "sent"


@attempt
def names_of_hosts() -> object:
    return socket.getaddrinfo("example.com", 443)


@attempt
def raw_packets() -> object:
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) and "opened"


@attempt
def an_interface_of_its_own() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        return fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0)) and "changed"


def connected(address: str) -> str:
    with socket.socket(socket.AF_UNIX) as out:
        out.settimeout(2)
        out.connect(address)
    return f"connected to {address!r}"


@attempt
def an_abstract_socket() -> object:
    return connected("\0" + FACTS["abstract"])


@attempt
def a_socket_of_the_session() -> object:
    return connected(FACTS["session_socket"])


@attempt
def a_socket_in_the_root() -> object:
    return connected(FACTS["root_socket"])


@attempt
def d_bus() -> object:
    found = [os.environ[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR") if name in os.environ]
    return found or connected("/run/dbus/system_bus_socket")


@attempt
def containers() -> object:
    return connected("/var/run/docker.sock")


@attempt
def agents_of_keys() -> object:
    return os.environ.get("SSH_AUTH_SOCK") or os.environ.get("GPG_AGENT_INFO")


# Other processes


@attempt
def the_daemons_environment() -> object:
    return read(f"/proc/{PID}/environ")


@attempt
def any_environment() -> object:
    found = [canary((place / "environ").read_bytes().decode(errors="replace")) for place in numbered()]
    return next(filter(None, found), "")


def numbered() -> list[Path]:
    return [place for place in Path("/proc").iterdir() if place.name.isdigit()]


@attempt
def more_processes_than_its_own() -> object:
    strangers = [place.name for place in numbered() if int(place.name) > 100]
    return strangers[:5]


@attempt
def signals() -> object:
    os.kill(PID, signal.SIGUSR1)
    return "it can be sent signals"


@attempt
def tracing() -> object:
    return did(libc("ptrace", 16, PID, 0, 0))


@attempt
def memory_of_others() -> object:
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("PN", ctypes.addressof(buffer), 8)
    return did(libc("process_vm_readv", PID, local, 1, local, 1, 0))


@attempt
def inherited_pipes() -> object:
    numbers = [int(place.name) for place in Path("/proc/self/fd").iterdir()]
    kept = [Path(f"/proc/self/fd/{number}") for number in numbers if number > 3]
    return [str(place.readlink()) for place in kept if place.exists()]


@attempt
def the_terminal() -> object:
    return os.open("/dev/tty", os.O_RDWR) and "opened"


@attempt
def typing_into_the_terminal() -> object:
    for number in (0, 1, 2):
        for letter in b"id\n":
            try:
                fcntl.ioctl(number, termios.TIOCSTI, bytes([letter]))
            except OSError:
                continue
            return f"typed into {number}"
    return ""


@attempt
def shared_memory_of_others() -> object:
    return read(FACTS["shared"])


@attempt
def old_shared_memory() -> object:
    return [line for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:] if line]


@attempt
def the_host_name() -> object:
    return did(libc("sethostname", b"evil", 4))


# Files


@attempt
def a_secret_of_the_root() -> object:
    return read(ROOT / ".env")


@attempt
def a_secret_deep_down() -> object:
    return read(ROOT / "a/b/server.key")


@attempt
def a_secret_by_a_link() -> object:
    (ROOT / "link.txt").symlink_to(".env")
    return read(ROOT / "link.txt")


@attempt
def a_secret_by_a_hard_link() -> object:
    os.link(ROOT / ".env", ROOT / "hard.txt")
    return read(ROOT / "hard.txt")


@attempt
def a_secret_renamed() -> object:
    (ROOT / ".env").rename(ROOT / "renamed.txt")
    return read(ROOT / "renamed.txt")


@attempt
def a_secret_in_a_folder_renamed() -> object:
    (ROOT / "a").rename(ROOT / "c")
    return read(ROOT / "c/b/server.key")


@attempt
def a_secret_in_a_copy() -> object:
    shutil.copytree(ROOT / "a", ROOT / "copy")
    return read(ROOT / "copy/b/server.key")


@attempt
def a_secret_of_git() -> object:
    return read(ROOT / ".git/config")


@attempt
def a_secret_at_home() -> object:
    return [found for name in FACTS["secrets"] if (found := quietly(read, HOME / name))]


def quietly(function: Callable[[object], str], path: object) -> str:
    try:
        return function(path)
    except OSError:
        return ""


@attempt
def another_project() -> object:
    return read(FACTS["other"])


@attempt
def a_link_out_of_the_root() -> object:
    return read(ROOT / "outward/file.txt")


@attempt
def the_roots_parent() -> object:
    return [path.name for path in ROOT.parent.iterdir() if path != ROOT]


@attempt
def roots_of_processes() -> object:
    places = ["/proc/self/root", "/proc/1/root", "/proc/1/cwd", "/proc/self/cwd/..", "/proc/thread-self/root"]
    return [place for place in places if quietly(read, place + FACTS["other"])]


@attempt
def what_chatls_keeps() -> object:
    return [str(path) for path in (HOME / ".config/chatls", HOME / ".local/state/chatls") if path.exists()]


@attempt
def devices() -> object:
    os.mknod(ROOT / "disk", 0o600 | 0o060000, os.makedev(*FACTS["disk"]))
    return read(ROOT / "disk")


@attempt
def the_memory_of_the_machine() -> object:
    for name in ("/dev/mem", "/dev/kmsg", "/dev/port", "/proc/kcore"):
        try:
            with Path(name).open("rb", buffering=0) as file:
                return f"{name}: {len(file.read(16))} bytes"
        except OSError:
            continue
    return ""


# What decides what runs


@attempt
def a_hook() -> object:
    return written(ROOT / ".git/hooks/pre-commit")


@attempt
def a_hook_by_a_link() -> object:
    (ROOT / "hooks").symlink_to(".git/hooks")
    return written(ROOT / "hooks/post-checkout")


@attempt
def settings_of_git() -> object:
    done = subprocess.run(["git", "config", "core.hooksPath", "evil"], cwd=ROOT, capture_output=True, check=False)
    return "it was set" if done.returncode == 0 else ""


@attempt
def the_repository_renamed() -> object:
    (ROOT / ".git").rename(ROOT / "old")
    return "renamed"


@attempt
def an_editors_settings() -> object:
    return written(ROOT / ".vscode/tasks.json")


@attempt
def an_editors_settings_replaced() -> object:
    (ROOT / "new.json").write_text("evil")
    (ROOT / "new.json").replace(ROOT / ".vscode/tasks.json")
    return "replaced"


@attempt
def an_editors_settings_by_a_hard_link() -> object:
    os.link(ROOT / ".vscode/tasks.json", ROOT / "hard.json")
    return written(ROOT / "hard.json")


@attempt
def instructions_behind_folders() -> object:
    (ROOT / "deep").rename(ROOT / "elsewhere")
    return "renamed"


@attempt
def instructions_deleted() -> object:
    (ROOT / "deep/er/AGENTS.md").unlink()
    return "deleted"


@attempt
def rights_of_files() -> object:
    (ROOT / ".vscode/tasks.json").chmod(0o777)
    return "changed"


# The system, and the wall itself


@attempt
def programs_of_the_system() -> object:
    return [name for name in ("/usr/bin/evil", "/usr/local/bin/evil", "/etc/evil", "/opt/evil")
            if quietly(written, name)]  # fmt: skip


@attempt
def passwords_of_the_system() -> object:
    return quietly(lambda path: Path(str(path)).read_text(), "/etc/shadow")


@attempt
def toolchains() -> object:
    return [str(path) for path in map(Path, FACTS["toolchains"]) if path.is_dir() and quietly(written, path / "evil")]


@attempt
def remounting() -> object:
    return did(libc("mount", None, str(ROOT / ".vscode").encode(), None, MS_REMOUNT | MS_BIND, None))


@attempt
def mounting_over() -> object:
    return did(libc("mount", str(ROOT / "a").encode(), str(ROOT / ".vscode").encode(), None, MS_BIND, None))


@attempt
def unmounting() -> object:
    return [name for name in (".env", ".vscode", ".git", "") if libc("umount2", str(ROOT / name).encode(), 2) == 0]


@attempt
def a_user_namespace() -> object:
    child = os.fork()
    if child == 0:
        os._exit(0 if libc("unshare", CLONE_NEWUSER | CLONE_NEWNS) == 0 else 1)
    return "it was made" if os.waitpid(child, 0)[1] == 0 else ""


@attempt
def namespaces_of_others() -> object:
    return did(libc("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))


@attempt
def another_root() -> object:
    return did(libc("chroot", b"/proc/1/root"))


@attempt
def rights_of_programs() -> object:
    found = {
        line.split(":")[0]: line.split()[-1] for line in Path("/proc/self/status").read_text().splitlines() if line
    }
    bad = {name: found[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh") if int(found[name], 16)}
    return bad or ("" if found["NoNewPrivs"] == "1" else "setuid programs gain rights")


@attempt
def the_super_user() -> object:
    for words in (["sudo", "-n", "id"], ["su", "-c", "id", "nobody"], ["pkexec", "id"]):
        if shutil.which(words[0]):
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return done.stdout
    return ""


@attempt
def settings_of_the_kernel() -> object:
    names = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward",
             "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs"]  # fmt: skip
    return [name for name in names if quietly(opened, name)]


@attempt
def groups_of_processes() -> object:
    Path("/sys/fs/cgroup/evil").mkdir()
    return "made"


@attempt
def the_clock() -> object:
    return did(libc("settimeofday", array.array("l", [int(time.time()), 0]).tobytes(), None))


@attempt
def modules_of_the_kernel() -> object:
    return did(libc("init_module", b"", 0, b""))


@attempt
def variables_with_secrets() -> object:
    return [name for name, value in os.environ.items() if "canary" in value]


def main() -> None:
    """Try all, each by itself, so that none spoils another."""
    for function in ATTEMPTS:
        try:
            got = str(function() or "")
        except (OSError, ValueError, KeyError, AttributeError):
            got = ""
        print(f"{function.__name__}\t{got or 'held'}".replace("\n", " "), flush=True)


main()
