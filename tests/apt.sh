#!/usr/bin/env bash
# Installs Debian packages a target of the Makefile needs, as root or through sudo; says what to do when it may not.
set -euo pipefail

as_root=()
if [[ $(id -u) != 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "make: needs Debian packages and may not install them; as root: apt-get install $*" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null; then
  echo "make: needs what Debian calls '$*' and finds no apt-get; install it with this system's own tool" >&2
  exit 1
fi

"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
