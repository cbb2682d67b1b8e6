#!/usr/bin/env bash
# Says which Python .venv is made of: the system's own where it is new enough, for distributions build theirs with
# profile-guided and link-time optimization, and code like ours runs about 1.4 times as fast as on a plain build.
set -euo pipefail

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
is_whole() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

system=/usr/bin/python3
if is_new_enough "$system"; then
  # Debian keeps venv's other half in a package of its own
  is_whole "$system" || "$(dirname "$0")/apt.sh" python3-venv >&2 || true
fi
for python in "$system" python3 python3.14 python3.13 python3.12 python3.11; do
  if is_new_enough "$python" && is_whole "$python"; then
    echo "$python"
    exit
  fi
done
echo python3
