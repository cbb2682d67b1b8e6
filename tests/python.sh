#!/usr/bin/env bash
# Says which Python .venv is made of: the system's own where it is new enough, for distributions build theirs with
# profile-guided and link-time optimization, and code like ours runs about 1.4 times as fast as on a plain build.
set -euo pipefail

for python in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$python"
    exit
  fi
done
echo python3
