"""``python -m plugin.sandbox.conform FILE…``: the command without the rest of Steward."""

import argparse
import sys
from pathlib import Path

from plugin.sandbox.conform import StoryError, conform


def main() -> int:
    """Read the command line, replay, and return the exit status."""
    parser = argparse.ArgumentParser(prog="steward sandbox conform")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--recordings", type=Path, help="folder with the stories of each server to build on")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    try:
        return conform(arguments.files, recordings=arguments.recordings, json=arguments.json, out=sys.stdout)
    except StoryError as problem:
        print(problem, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
