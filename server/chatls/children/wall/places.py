"""What of a machine a sandbox shows, and what it never does. Data, with its reasons."""

import re

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt"),
    *("/nix/store", "/run/current-system", "/gnu/store", "/snap"),  # NixOS, Guix, snaps
    *("/var/cache/fontconfig", "/var/lib/dpkg", "/var/lib/alternatives"),
    *("/sys/devices/system/cpu", "/sys/fs/cgroup"),  # how many processors and how much memory there are
)
"""Read-only. What is not here, is not there: other people's homes, mounted disks, /run with its sockets."""
SYSTEM_SECRETS = (
    *("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d"),
    *("/etc/ssl/private", "/etc/ssh", "/etc/NetworkManager", "/etc/wireguard", "/etc/krb5.keytab"),
)
"""Of these: a daemon that runs as root could read them."""
EMPTY = tuple(f"/{name}" for name in ("tmp", "var/tmp", "run"))
"""Made anew for each command, and gone with it."""
TOOLCHAINS = (
    *(".pyenv", ".rbenv", ".nodenv", ".goenv", ".asdf", ".nvm", ".fnm", ".volta", ".sdkman", ".juliaup", ".ghcup"),
    *(
        ".rustup",
        ".cargo",
        "go",
        ".dotnet",
        ".bun",
        ".deno",
        ".opam",
        ".cabal",
        ".stack",
        ".julia",
        ".elan",
        ".swiftly",
    ),
    *(".local/bin", ".local/lib", ".local/pipx", ".local/share/pipx", ".local/share/uv", ".local/share/pnpm"),
    *(".local/share/mise", ".local/share/rtx", ".local/share/fnm", ".local/share/virtualenvs", ".local/share/hatch"),
    *(
        ".swiftly",
        "miniconda3",
        "anaconda3",
        "miniforge3",
        "mambaforge",
        "micromamba",
        ".conda",
        ".virtualenvs",
        ".m2/repository",
    ),
    *(".terminfo", ".nix-profile", ".linuxbrew"),
)
"""Of a home folder, what programs are made with: read-only. Nothing else of it is there."""
TOOLCHAIN_SECRETS = (
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".bun/credentials",
    ".conda/.condarc",
    ".nvm/.npmrc",
)
CACHES = {
    "XDG_CACHE_HOME": "",
    "GOCACHE": "go-build",
    "npm_config_cache": "npm",
    "UV_CACHE_DIR": "uv",
    "PIP_CACHE_DIR": "pip",
    "YARN_CACHE_FOLDER": "yarn",
    "CCACHE_DIR": "ccache",
}
"""Variables that lead caches into the private folder of a workspace, and its folder there."""
DROPPED = frozenset(
    {
        *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "GNOME_KEYRING_CONTROL", "KRB5CCNAME"),
        *("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST"),
        *(
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "XAUTHORITY",
            "SESSION_MANAGER",
            "NVIM",
            "NVIM_LISTEN_ADDRESS",
            "VSCODE_IPC_HOOK_CLI",
        ),
        *("TMUX", "STY", "I3SOCK", "SWAYSOCK", "TMPDIR", "TMP", "TEMP"),
    }
)
"""Variables that lead to sockets of the session, which are not there."""
SECRET_NAME = re.compile(
    r"(^|_)(TOKEN|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|PAT|CREDENTIALS?|APIKEY|API_KEY|ACCESS_KEY|ACCESS_KEY_ID|SECRET_KEY|PRIVATE_KEY"
    r"|AUTH|COOKIE|DSN|WEBHOOK_URL)($|_)",
    re.IGNORECASE,
)
"""Of variables whose value is most often a secret; of no use where there is no network."""
INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__"})
"""Folders of installed packages. What is protected elsewhere is theirs to change: nobody opens them as a project."""
TRIED_IN = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap")
SANDBOX_EXEC = "/usr/bin/sandbox-exec"
