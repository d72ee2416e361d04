"""Programs that only read, each with the options and arguments that it may have; tables, nothing else.

What is not listed is asked about. Left out on purpose, with their traps:

- `awk`, `sed` but for `N,Mp`: their scripts write files and run programs;
- `uniq IN OUT`, `sort -o`, `tree -o`, `file -C`: they write;
- `wc`, `sort`, `du` with `--files0-from`, `grep -f`, `file -f`, `date -f`, `diff --from-file`, `-X`: they read what a
  file names;
- `grep -R`, `-d recurse`, `rg -L`, `ls -R` through links, `find -L`: they follow links to places outside;
- `rg --pre`, `-z`, `sort --compress-program`, `file -z`, `diff -l`: they run other programs;
- `tail -f`: it does not end; `diff -r`: it reads secrets among the rest;
- `jq` with `env`, `input`, `import`: it reads its environment, and more files.
"""

from collections.abc import Mapping

from chatls.agent.permission.options import Shape, shape
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """A program that only reads."""

    why: str
    """What it does, for people."""
    shape: Shape
    recursive: frozenset[str] = frozenset()
    """Options with which it reads whole folders; `always`: it does without any."""
    apart: frozenset[str] = frozenset()
    """Options with which there is no pattern in front of the places."""


BUILT_IN = frozenset({"echo", "printf", "pwd", "true", "false"})
"""Every shell has these itself; no file of that name is run."""

FOLDERLESS = frozenset({"diff", "cmp"})
"""Given folders, these read what lies in them."""

READERS: Mapping[str, ReaderRow] = {
    "ls": ReaderRow(
        "lists a folder",
        shape(
            "-a -A -b -B -c -C -d -f -F -g -G -h -i -k -l -m -n -N -o -p -q -Q -r -R -s -S -t -u -U -v -x -X -1 --all "
            "--almost-all --author --directory --full-time --group-directories-first --human-readable --inode --si "
            "--no-group --numeric-uid-gid --literal --reverse --recursive --size --zero",
            "-I=TEXT -w=N -T=N --ignore=TEXT --hide=TEXT --sort=NAME --time=NAME --time-style=TEXT --format=NAME",
            "--color=NAME --classify=NAME",
        ),
    ),
    "cat": ReaderRow(
        "shows files",
        shape(
            "-A -b -e -E -n -s -t -T -u -v --show-all --number-nonblank --show-ends --number --squeeze-blank "
            "--show-tabs --show-nonprinting"
        ),
    ),
    "nl": ReaderRow(
        "shows files with numbers",
        shape("-p --no-renumber", "-b=TEXT -d=TEXT -f=TEXT -h=TEXT -i=N -l=N -n=NAME -s=TEXT -v=N -w=N"),
    ),
    "head": ReaderRow(
        "shows the beginning of files",
        shape("-q -v -z --quiet --silent --verbose --zero-terminated", "-c=N -n=N --bytes=N --lines=N", numbers=True),
    ),
    "tail": ReaderRow(
        "shows the end of files",
        shape("-q -v -z --quiet --silent --verbose --zero-terminated", "-c=N -n=N --bytes=N --lines=N", numbers=True),
    ),
    "wc": ReaderRow("counts", shape("-c -m -l -L -w --bytes --chars --lines --max-line-length --words")),
    "stat": ReaderRow("tells of files", shape("-t --terse", "-c=TEXT --format=TEXT --printf=TEXT", least=1)),
    "file": ReaderRow(
        "tells what files are",
        shape("-b --brief -i --mime --mime-type --mime-encoding -h --no-dereference -N --no-pad -r --raw -0 --print0"),
    ),
    "du": ReaderRow(
        "tells how large files are",
        shape(
            "-0 -a -b -c -h -k -l -m -s -S -x --all --apparent-size --bytes --total --human-readable --inodes "
            "--count-links --null --one-file-system --separate-dirs --si --summarize",
            "-d=N -B=NAME -t=N --max-depth=N --block-size=NAME --threshold=N --exclude=TEXT",
        ),
    ),
    "diff": ReaderRow(
        "compares two files",
        shape(
            "-a -b -B -c -d -e -E -i -n -N -p -q -s -t -T -u -w -y -Z --brief --normal --text --minimal --ignore-case "
            "--ignore-all-space --ignore-blank-lines --ignore-space-change --ignore-tab-expansion --new-file "
            "--ignore-trailing-space --report-identical-files --show-c-function --side-by-side --left-column "
            "--suppress-common-lines --strip-trailing-cr --expand-tabs --initial-tab --suppress-blank-empty",
            "-C=N -U=N -W=N -I=TEXT -F=TEXT --width=N --tabsize=N --label=TEXT --horizon-lines=N "
            "--ignore-matching-lines=TEXT --show-function-line=TEXT",
            "--unified=N --context=N --color=NAME",
            least=2,
            most=2,
        ),
    ),
    "cmp": ReaderRow(
        "compares two files",
        shape("-b -l -s --print-bytes --verbose --quiet --silent", "-n=N -i=[0-9:]+ --bytes=N", least=2, most=2),
    ),
    "sort": ReaderRow(
        "sorts lines",
        shape(
            "-b -c -C -d -f -g -h -i -M -m -n -r -R -s -u -V -z --ignore-leading-blanks --dictionary-order "
            "--ignore-case --general-numeric-sort --human-numeric-sort --numeric-sort --month-sort --version-sort "
            "--random-sort --reverse --unique --stable --merge --zero-terminated --debug",
            "-k=[0-9.,A-Za-z]+ -t=TEXT --key=[0-9.,A-Za-z]+ --field-separator=TEXT --sort=NAME --parallel=N",
            "--check=NAME",
        ),
    ),
    "uniq": ReaderRow(
        "leaves lines out that stand there twice",
        shape(
            "-c -d -D -i -u -z --count --repeated --ignore-case --unique --zero-terminated",
            "-f=N -s=N -w=N --skip-fields=N --skip-chars=N --check-chars=N",
            "--all-repeated=NAME --group=NAME",
            most=1,
        ),
    ),
    "cut": ReaderRow(
        "shows parts of lines",
        shape(
            "-n -s -z --complement --only-delimited --zero-terminated",
            "-b=[0-9,-]+ -c=[0-9,-]+ -f=[0-9,-]+ -d=TEXT --bytes=[0-9,-]+ --characters=[0-9,-]+ --fields=[0-9,-]+ "
            "--delimiter=TEXT --output-delimiter=TEXT",
        ),
    ),
    "tr": ReaderRow(
        "changes letters of what it reads",
        shape(
            "-c -C -d -s -t --complement --delete --squeeze-repeats --truncate-set1",
            operands="TEXT",
            least=1,
            most=2,
        ),
    ),
    "grep": ReaderRow(
        "searches",
        shape(
            "-E -F -G -P -i -y -w -x -z -s -v -b -n -H -h -o -q -a -I -r -L -l -c -T -Z -U "
            "--extended-regexp --fixed-strings "
            "--basic-regexp --perl-regexp --ignore-case --no-ignore-case --word-regexp --line-regexp --null-data "
            "--no-messages --invert-match --byte-offset --line-number --line-buffered --with-filename --no-filename "
            "--only-matching --quiet --silent --text --recursive --files-without-match --files-with-matches --count "
            "--initial-tab --null --binary --no-group-separator",
            "-e=TEXT -m=N -A=N -B=N -C=N --regexp=TEXT --max-count=N --after-context=N --before-context=N --context=N "
            "--include=TEXT --exclude=TEXT --exclude-dir=TEXT --label=TEXT --binary-files=NAME --group-separator=TEXT",
            "--color=NAME --colour=NAME",
            "TEXT PATH",
            numbers=True,
        ),
        frozenset({"-r", "--recursive"}),
        frozenset({"-e", "--regexp"}),
    ),
    "rg": ReaderRow(
        "searches",
        shape(
            "-F -i -s -S -w -x -v -n -N -H -I -o -q -a -l -c -U -P -p -0 -u -. --fixed-strings "
            "--ignore-case --case-sensitive "
            "--smart-case --word-regexp --line-regexp --invert-match --line-number --no-line-number --with-filename "
            "--no-filename --only-matching --quiet --text --files --files-with-matches --files-without-match --count "
            "--count-matches --multiline --multiline-dotall --pcre2 --pretty --null --heading --no-heading "
            "--column --trim "
            "--json --vimgrep --stats --hidden --no-ignore --no-ignore-vcs --no-config --no-messages "
            "--crlf --type-list",
            "-e=TEXT -g=TEXT -t=NAME -T=NAME -m=N -A=N -B=N -C=N -d=N -j=N -M=N -r=TEXT --regexp=TEXT "
            "--glob=TEXT --iglob=TEXT "
            "--type=NAME --type-not=NAME --max-count=N --after-context=N --before-context=N --context=N --max-depth=N "
            "--threads=N --max-columns=N --replace=TEXT --sort=NAME --sortr=NAME --color=NAME --max-filesize=N "
            "--context-separator=TEXT --field-match-separator=TEXT --encoding=NAME",
            operands="TEXT PATH",
        ),
        frozenset({"always"}),
        frozenset({"-e", "--regexp", "--files", "--type-list"}),
    ),
    "jq": ReaderRow(
        "reads JSON",
        shape(
            "-c -n -e -s -r -j -a -S -C -M -R --compact-output --null-input --exit-status --slurp --raw-output "
            "--join-output --ascii-output --sort-keys --color-output --monochrome-output --raw-input --tab",
            "--indent=N",
            operands="TEXT PATH",
            least=1,
        ),
    ),
    "pwd": ReaderRow("names the folder", shape("-L -P", operands="")),
    "date": ReaderRow(
        "tells the time",
        shape(
            "-u -R --utc --universal --rfc-email",
            "-d=TEXT --date=TEXT -r=PATH --reference=PATH --rfc-3339=NAME",
            "--iso-8601=NAME",
            r"\+.*",
            most=1,
        ),
    ),
    "sed": ReaderRow(
        "shows lines N to M", shape("-n --quiet --silent", operands=r"\d+(,(\d+|\$))?p|\$p PATH", least=1)
    ),
    "echo": ReaderRow("writes words", shape("-n -e -E", operands="TEXT")),
    "printf": ReaderRow("writes words", shape(operands="TEXT", least=1)),
    "true": ReaderRow("does nothing", shape(operands="TEXT")),
    "false": ReaderRow("does nothing", shape(operands="TEXT")),
    "basename": ReaderRow("takes names apart", shape("-a -z", "-s=TEXT --suffix=TEXT", operands="TEXT", least=1)),
    "dirname": ReaderRow("takes names apart", shape("-z", operands="TEXT", least=1)),
    "realpath": ReaderRow("follows links", shape("-e -m -q -s -z", least=1)),
    "readlink": ReaderRow("follows links", shape("-f -e -m -n -q -s -z", least=1)),
    "which": ReaderRow("finds programs", shape("-a", operands="[A-Za-z0-9_][A-Za-z0-9_.+-]*", least=1)),
    "find": ReaderRow("lists files", shape(operands="PATH")),
    "git": ReaderRow("tells of the history", shape()),
}
"""By the name of the program. `find` and `git` are read by `find_words` and `git_readers`."""

FIND_ALONE = frozenset(
    [
        "!",
        "(",
        ")",
        "-a",
        "-and",
        "-o",
        "-or",
        "-not",
        "-true",
        "-false",
        "-daystart",
        "-depth",
        "-empty",
        "-noleaf",
        "-mount",
        "-xdev",
        "-nogroup",
        "-nouser",
        "-readable",
        "-writable",
        "-executable",
        "-print",
        "-print0",
        "-prune",
        "-quit",
        "-ls",
    ]
)
"""Words of a `find` expression that stand alone."""
FIND_WITH = frozenset(
    [
        "-name",
        "-iname",
        "-path",
        "-ipath",
        "-wholename",
        "-iwholename",
        "-regex",
        "-iregex",
        "-regextype",
        "-lname",
        "-ilname",
        "-type",
        "-xtype",
        "-size",
        "-mtime",
        "-mmin",
        "-atime",
        "-amin",
        "-ctime",
        "-cmin",
        "-perm",
        "-user",
        "-group",
        "-uid",
        "-gid",
        "-links",
        "-inum",
        "-maxdepth",
        "-mindepth",
        "-used",
        "-printf",
        "-fstype",
    ]
)
"""Those with a word behind them, which is no place."""
FIND_PLACES = frozenset(["-newer", "-anewer", "-cnewer", "-samefile"])
"""Those with a place behind them."""
