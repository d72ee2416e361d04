"""What looks like a key, wherever it came from: for texts that leave this machine, or may."""

import re
from collections.abc import Iterable

REMOVED = "[removed]"
SECRET_NAMES = re.compile("key|token|secret|passw|auth|credential|cookie", re.IGNORECASE)
"""Names of what may be secret, by a part of them."""
_PAIR = re.compile(r"(-{0,2}[\w.\-]+)(?:=|:\s+)(?=\S)(?!\$\{)")
"""`--api-key=...`, `API_KEY=...`, `X-Api-Key: ...`; not `${NAME}`, which only names it."""
_LIKELY = re.compile(
    r"""\b(?:sk|pk|rk|xox[abp]|gh[pousr]|glpat|hf|gsk|AIza|AKIA|ASIA)[-_]?[A-Za-z0-9_\-]{12,}
      | (?<=[Bb]earer\ )[^\s"']{8,}
      | eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]+\.?[A-Za-z0-9_\-]*
      | -----BEGIN[\s\S]*?-----END[A-Z\ ]*-----
      | (?<=://)[^\s/?\#@"':]*:[^\s/?\#@"']+(?=@)
      | [?&][\w.\-]*(?i:key|token|secret|password|signature)=[^\s&"'\#]+""",
    re.VERBOSE,
)


def without_likely_keys(text: str) -> str:
    """
    >>> without_likely_keys("Bearer abcdefgh12345 and no more")
    'Bearer [removed] and no more'
    >>> without_likely_keys("https://me:word@example.org/mcp?page=2&api_key=abc")
    'https://[removed]@example.org/mcp?page=2[removed]'
    """
    return _LIKELY.sub(REMOVED, text)


def shown_arguments(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """A program's arguments as they may be shown, and what was taken out of them.

    >>> shown_arguments(["--api-key", "k1", "--token=t1", "-e", "A_TOKEN=t2", "--key", "${KEY}"])[0]
    ['--api-key', '[removed]', '--token=[removed]', '-e', 'A_TOKEN=[removed]', '--key', '${KEY}']
    >>> shown_arguments(["-H", "X-Auth: q1", "https://a.org/?page=2&key=q2", "."])
    (['-H', 'X-Auth: [removed]', 'https://a.org/?page=2[removed]', '.'], ['q1', 'q2'])
    """
    shown, taken, named = list[str](), list[str](), False
    for argument in arguments:
        pair = _PAIR.match(argument)
        if named and not argument.startswith(("-", "${")):
            start = 0
        elif pair and SECRET_NAMES.search(pair[1]):
            start = pair.end()
        else:
            start = len(argument)
            taken += (found[0].rpartition("=")[2] for found in _LIKELY.finditer(argument))
        shown.append(without_likely_keys(argument[:start]) + (REMOVED if argument[start:] else ""))
        taken += [argument[start:]] if argument[start:] else []
        named = argument.startswith("-") and not pair and bool(SECRET_NAMES.search(argument))
    return shown, taken
