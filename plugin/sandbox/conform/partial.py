"""Reading the beginning of a JSON text: what was whole when the recorder cut a long body.

The recorder keeps long bodies as ``{"__shortened__": <the first characters>, "__length__": <of the whole>}``.
"""

import json
from typing import Any

CUT = "__shortened__"


def is_cut(value: object) -> bool:
    """Whether a recorded value is the beginning of something longer."""
    return isinstance(value, dict) and CUT in value


def beginning(text: str) -> Any:
    """The value of a JSON text that breaks off, without what is incomplete at its end.

    >>> beginning('{"a": [1, 2, {"b": "c", "d": "e')
    {'a': [1, 2]}
    """
    whole, closing = _last_whole(text)
    return json.loads(text[:whole] + closing) if closing or whole else None


def _last_whole(text: str) -> tuple[int, str]:
    open_brackets: list[str] = []
    last, closing = 0, ""
    in_string = escaped = False
    for place, letter in enumerate(text):
        if in_string:
            in_string = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            in_string = True
        elif letter in "[{":
            open_brackets.append("]" if letter == "[" else "}")
        elif letter in "]}":
            open_brackets.pop()
            last, closing = place + 1, "".join(reversed(open_brackets))
        elif letter == "," and open_brackets:
            last, closing = place, "".join(reversed(open_brackets))
    return last, closing
