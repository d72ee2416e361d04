"""Which files decide what the usual commands run: answers for edits do not cover them. The second list, beside
`protected_files`; data and how it is matched, by name alone.

Sources: the documentation of each tool. `loaded`: editors and their language servers read such a file by themselves.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath

from chatls.values import dataclass
from chatls.workspace.secret_files import folded


@dataclass(frozen=True, slots=True)
class Deciding:
    """Files of one sort."""

    names: tuple[str, ...]
    """Globs for the last part of a path; with a slash at the end a folder, and all that is in it."""
    why: str
    """What runs what they say."""
    loaded: bool = False


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DECIDING = (
    Deciding(
        _names("package.json .npmrc .yarnrc .yarnrc.yml bunfig.toml .pnpmfile.cjs pnpm-workspace.yaml"),
        "npm and its kin",
    ),
    Deciding(
        _names("package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb"), "npm and its kin"
    ),
    Deciding(
        _names("deno.json deno.jsonc turbo.json nx.json lerna.json rush.json project.json"), "builds of JavaScript"
    ),
    Deciding(
        _names(
            """gulpfile.* gruntfile.* *.config.js *.config.mjs *.config.cjs *.config.ts *.config.mts *.config.cts
            *.config.json *.conf.js *.conf.ts babel.config.* .babelrc .babelrc.* .swcrc .mocharc.* .jestrc* .nycrc*
            .lintstagedrc* .postcssrc* .commitlintrc*"""
        ),
        "builds and tests of JavaScript",
    ),
    Deciding(
        _names(
            ".eslintrc .eslintrc.* .prettierrc .prettierrc.* .stylelintrc .stylelintrc.* tsconfig.json "
            "tsconfig.*.json jsconfig.json"
        ),
        "builds and checks of JavaScript",
        loaded=True,
    ),
    Deciding(_names("node_modules/"), "node"),
    Deciding(
        _names(
            "pyproject.toml setup.py setup.cfg conftest.py pytest.ini .pytest.ini tox.ini noxfile.py "
            "uv.toml uv.lock poetry.lock pdm.lock pipfile pipfile.lock .coveragerc"
        ),
        "builds and tests of Python",
    ),
    Deciding(
        _names("mypy.ini .mypy.ini ruff.toml .ruff.toml .flake8 .pylintrc pylintrc pyrightconfig.json"),
        "checks of Python",
        loaded=True,
    ),
    Deciding(_names("*.pth *.egg-link tasks.py fabfile.py dodo.py requirements*.txt .python-version"), "Python"),
    Deciding(_names(".venv/ venv/ site-packages/ .tox/ .nox/ __pycache__/ __pypackages__/ .eggs/"), "Python"),
    Deciding(
        _names("makefile gnumakefile makefile.* *.mk *.mak justfile .justfile taskfile.yml taskfile.yaml"),
        "make and its kin",
    ),
    Deciding(
        _names(
            "cmakelists.txt *.cmake cmakepresets.json meson.build meson_options.txt build.ninja configure "
            "configure.ac wscript sconstruct"
        ),
        "builds",
    ),
    Deciding(
        _names("cargo.toml cargo.lock build.rs rust-toolchain rust-toolchain.toml clippy.toml rustfmt.toml"), "cargo"
    ),
    Deciding(_names(".cargo/"), "cargo"),
    Deciding(_names("go.mod go.sum go.work .golangci.yml .golangci.yaml .golangci.toml"), "go"),
    Deciding(_names("gemfile gemfile.lock rakefile *.gemspec .rspec .irbrc"), "ruby"),
    Deciding(
        _names(
            "build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties gradlew "
            "gradlew.bat gradle-wrapper.properties gradle-wrapper.jar"
        ),
        "gradle",
    ),
    Deciding(_names("pom.xml mvnw mvnw.cmd .mvn/ build.xml build.sbt build.sc"), "builds of Java"),
    Deciding(
        _names(
            "*.csproj *.fsproj *.vbproj *.sln directory.build.props directory.build.targets global.json nuget.config"
        ),
        "dotnet",
    ),
    Deciding(
        _names(
            "composer.json composer.lock phpunit.xml phpunit.xml.dist mix.exs rebar.config package.swift "
            "dune dune-project *.cabal stack.yaml"
        ),
        "builds",
    ),
    Deciding(
        _names(
            "dockerfile dockerfile.* containerfile docker-compose.yml docker-compose.yaml compose.yml "
            "compose.yaml vagrantfile procfile"
        ),
        "containers",
    ),
    Deciding(
        _names(".tool-versions .nvmrc .node-version .ruby-version .sdkmanrc flake.nix shell.nix default.nix"),
        "version managers",
    ),
    Deciding(
        _names(
            ".clangd .ccls compile_flags.txt compile_commands.json .luarc.json .luarc.jsonc "
            ".vimspector.json .projections.json .projectile .ycm_extra_conf.py *.sublime-project "
            ".editorconfig .solargraph.yml .ocamlinit .rprofile .tern-project biome.json biome.jsonc"
        ),
        "editors and their language servers",
        loaded=True,
    ),
)


def deciding(path: PurePath) -> Deciding | None:
    """What a file of this name decides; None: nothing. Spelling tricks that reach the same file do not help.

    >>> deciding(PurePath("web/Package.JSON")).why, deciding(PurePath("web/package.py"))
    ('npm and its kin', None)
    """
    names = [folded(part) for part in path.parts]
    return next((one for one in DECIDING if _is_of(names, one)), None)


def _is_of(names: Sequence[str], one: Deciding) -> bool:
    last = names[-1] if names else ""
    return any(
        known.removesuffix("/") in names if known.endswith("/") else fnmatchcase(last, known) for known in one.names
    )
