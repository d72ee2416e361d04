"""What looks like a key, wherever it came from: for texts that leave this machine, or may."""

import re

REMOVED = "[removed]"
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
