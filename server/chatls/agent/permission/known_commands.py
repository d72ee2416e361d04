"""What is known of programs that commands run: tables, nothing else. How they are read is told in `command_keys`."""

import re


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


NEVER = words(
    """sh bash dash zsh ksh mksh fish csh tcsh ash busybox toybox rbash nu elvish xonsh pwsh powershell cmd env
    xargs sudo doas su runuser setpriv pkexec gosu timeout gtimeout nice ionice nohup setsid time watch entr
    parallel stdbuf unbuffer script expect chroot unshare nsenter bwrap firejail proot fakeroot strace ltrace
    gdb lldb valgrind perf find fd fdfind locate ssh scp sftp rsync telnet nc ncat netcat socat curl wget aria2c
    ftp lftp python pythonw pypy ipython node nodejs deno bun bunx ruby irb perl php lua luajit tclsh wish java
    jshell scala kotlin groovy julia r rscript ghci runghc runhaskell elixir iex erl escript swift osascript awk
    gawk mawk nawk sed gsed ed ex vi vim nvim vimdiff emacs emacsclient nano less more man info pico m4 bc dc
    sqlite psql mysql mongo mongosh redis-cli tee dd tar gtar bsdtar cpio zip unzip ar 7z 7za split csplit uniq
    install patch chmod chown chgrp chattr setfacl rm rmdir unlink shred mv cp ln link mkfifo mknod truncate
    mkfs mount umount kill pkill killall skill reboot shutdown halt poweroff npx bunx uvx pipx dlx tsx ts-node
    babel-node esno npm-run-all concurrently nodemon docker podman nerdctl docker-compose kubectl helm oc
    terraform tofu pulumi ansible ansible-playbook vagrant systemctl systemd-run launchctl service crontab at
    batch cron atrm screen tmux zellij dtach open xdg-open start code cursor security keychain pass gpg openssl
    age cd pushd popd eval exec source alias export set unset trap builtin command exit printenv direnv nix
    nix-shell nix-build guix mise asdf pyenv rbenv conda mamba micromamba hyperfine aws gcloud az heroku fly
    flyctl vercel netlify wrangler"""
)
"""Asked for each time: with the right arguments each of these runs or overwrites anything, or reaches anywhere."""

RUNNING: dict[str, frozenset[str]] = {
    "git": words(
        """bisect filter-branch rebase submodule config difftool mergetool daemon archive clone remote worktree hook
    maintenance credential send-email format-patch upload-pack receive-pack shell instaweb web--browse init gui
    p4 svn replace fast-import bundle am apply notes var"""
    ),
    "npm": words("""exec x init create explore config set edit link ln rebuild restart start stop pkg publish"""),
    "pnpm": words("exec dlx x create init config set env deploy publish patch"),
    "yarn": words("exec dlx node create init config set plugin publish unplug"),
    "cargo": words("run r install script"),
    "go": words("run generate tool install get env"),
    "pip": words("install download wheel config"),
    "uv": words("run tool pip python publish"),
    "poetry": words("run shell config self"),
    "pipenv": words("run shell"),
    "pdm": words("run"),
    "hatch": words("run shell"),
    "rye": words("run"),
    "bundle": words("exec config console open"),
    "composer": words("exec global config run run-script create-project"),
    "dotnet": words("run exec script fsi msbuild tool new"),
    "gh": words("api alias extension ext codespace cs config auth secret ssh-key gpg-key"),
    "swift": words("run"),
    "mix": words("run eval"),
    "flutter": words("run"),
    "dart": words("run"),
    "rustup": words("run"),
    "rails": words("runner r console c"),
    "corepack": words("npm pnpm yarn"),
    "gem": words("install exec"),
    "brew": words("install ruby sh"),
}
"""What runs or fetches anything, or changes what runs."""

READERS = words(
    """ls cat head tail wc grep egrep fgrep rg diff cmp comm cut tr sort stat du df tree basename dirname realpath pwd
    echo true false which date md5sum sha1sum sha256sum nl column file jq"""
)
CHECKERS = words(
    """pytest ruff mypy pyright basedpyright eslint tsc jest vitest black isort flake8 pylint prettier biome
    shellcheck shfmt gofmt rustfmt clang-format"""
)

SUBCOMMANDS: dict[str, frozenset[str]] = {
    "git": words(
        """status diff log show blame shortlog describe rev-parse rev-list ls-files ls-tree grep cat-file merge-base
    add commit stash fetch pull push switch branch tag merge cherry-pick revert reflog"""
    ),
    "npm": words("test t ls list outdated audit run run-script"),
    "pnpm": words("test t ls list outdated audit lint build run"),
    "yarn": words("test lint build list outdated audit run"),
    "cargo": words("build check test clippy fmt doc tree metadata bench b c t"),
    "go": words("build test vet fmt list version doc"),
    "pip": words("list show freeze check"),
    "uv": words("lock sync tree"),
    "poetry": words("check show lock"),
    "dotnet": words("build test format"),
    "ruff": words("check format"),
    "bundle": words("check list outdated"),
    "composer": words("validate show outdated"),
}
SCRIPTS = {("npm", "run"), ("npm", "run-script"), ("pnpm", "run"), ("yarn", "run")}
"""The word behind these belongs to the name."""
TOPICS = {"gh": words("pr issue repo run release workflow")}
"""Programs whose work is named by two words: what it is about, and one of `LOOKS`."""
LOOKS = words("list view status checks diff")

RISKY = words(
    """--output --exec --upload-pack --receive-pack --ext-diff --textconv --pre --pre-glob --config --init-file
    --rcfile --eval --checkpoint-action --to-command --open-files-in-pager --no-index --template
    --compress-program --files-from --filter-process --directory --git-dir --work-tree --prefix --manifest-path
    --toolchain --rootdir --confcutdir --force --mirror --delete --prune --discard-changes --hidden --no-ignore
    --unrestricted --dereference-recursive --recurse-submodules --separate-git-dir --makefile --include-dir
    --format-file --formatter --parser --env-file --runner --reporter --reporters --resolver --transform
    --project --cwd"""
)
"""Long options that run something, write somewhere, or reach out of the folder; abbreviations of them count."""
RISKY_PARTS = re.compile(
    r"exec|eval|hook|pager|config|plugin|command|cmd|script|rcfile|preload|require|import|loader|shell|editor|browser|"
    r"pack|textconv|ext-diff|program|tool|overlay|modfile|rulesdir|force|discard|delete|askpass|proxy|"
    r"out(put)?-?(file|dir|path)|-bin$|^--?output"
)
FINE = words("""--output-format --no-ext-diff --no-textconv --no-pager --force-exclude --no-force --import-mode""")
RISKY_LETTERS = {
    "git": "cCoOx",
    "git push": "fd",
    "git branch": "dDmMcCf",
    "git tag": "dfF",
    "git switch": "fC",
    "git fetch": "fpu",
    "git pull": "fp",
    "grep": "rRf",
    "egrep": "rRf",
    "fgrep": "rRf",
    "rg": "fu.z",
    "sort": "oST",
    "tree": "o",
    "date": "sf",
    "file": "Cfm",
    "jq": "fL",
    "pytest": "cop",
    "eslint": "cfo",
    "tsc": "pb",
    "prettier": "w",
    "make": "fCIE",
    "gmake": "fCIE",
    "just": "fd",
    "mvn": "fsDPgt",
    "gradle": "bcIDPpg",
    "dotnet": "p",
    "rake": "fIrRe",
    "tox": "cx",
    "nox": "f",
    "ninja": "fC",
    "cmake": "PE",
    "npm": "C",
    "pnpm": "C",
    "go": "oC",
    "cargo": "Z",
}
ASSIGNING = words("make gmake just rake ninja task dotnet mvn gradle")
"""A word with "=" sets what they run."""
