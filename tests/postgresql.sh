#!/usr/bin/env bash
# Runs a command with a PostgreSQL of its own: tests/postgresql.sh .venv/bin/pytest tests/store
#
# The server lives in a temporary directory, listens on a free port of 127.0.0.1 only and goes away with the command.
# The command finds it in STEWARD_TEST_POSTGRESQL; where that is set already, the server it names is used.
# Tests that want to restart a server start one of their own with --own, and name its directory, which the command finds
# in STEWARD_TEST_POSTGRESQL_HOME: tests/postgresql.sh --restart fast|immediate DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [[ $# == 0 ]]; then
  echo "usage: tests/postgresql.sh [--own] COMMAND [ARGUMENT …] | --restart MODE DIRECTORY" >&2
  exit 2
fi
if [[ $1 == --own ]]; then
  shift
elif [[ $1 != --restart && -n ${STEWARD_TEST_POSTGRESQL:-} ]]; then
  exec "$@"
fi

find_binaries() {
  local directory
  # Debian keeps the server's programs off PATH, one directory a version: the newest first
  for directory in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort --version-sort --reverse) \
    "$(pg_config --bindir 2>/dev/null || true)" \
    "$(dirname "$(readlink -f "$(command -v postgres || echo /nowhere/postgres)")")"; do
    if [[ -x $directory/initdb && -x $directory/postgres && -x $directory/pg_ctl ]]; then
      echo "$directory"
      return
    fi
  done
  return 1
}

if ! binaries=$(find_binaries); then
  "$here/apt.sh" postgresql
  binaries=$(find_binaries) || { echo "postgresql.sh: installed PostgreSQL, but find no initdb" >&2; exit 1; }
fi

as_server=()
if [[ $(id -u) == 0 ]]; then
  # PostgreSQL refuses to run as root
  account=postgres
  id "$account" >/dev/null 2>&1 || account=nobody
  as_server=(runuser --user "$account" --)
fi

if [[ $1 == --restart ]]; then
  cd "$3"
  exec "${as_server[@]}" "$binaries/pg_ctl" --pgdata "$3/data" --log "$3/server.log" --mode "$2" --wait --silent restart
fi

home=$(mktemp --directory "${TMPDIR:-/tmp}/steward-postgresql.XXXXXX")
[[ -z ${account:-} ]] || chown "$account" "$home"

stop() {
  "${as_server[@]}" "$binaries/pg_ctl" --pgdata "$home/data" --mode immediate --silent stop >/dev/null 2>&1 || true
  rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$home" # a place the server's account may stand in
"${as_server[@]}" "$binaries/initdb" --pgdata "$home/data" --username steward --auth trust --encoding UTF8 \
  --locale C.UTF-8 --no-sync >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; exit 1; }

start() {
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  # tests kill processes, never the machine, so the server need not wait for the disk
  "${as_server[@]}" "$binaries/pg_ctl" --pgdata "$home/data" --log "$home/server.log" --wait --silent start --options \
    "-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$home -c max_connections=200 -c fsync=off"
}
# somebody may take the port between asking for it and using it
start || start || start || { cat "$home/server.log" >&2; exit 1; }
cd "$OLDPWD"

export STEWARD_TEST_POSTGRESQL_HOME=$home
export STEWARD_TEST_POSTGRESQL="postgresql+psycopg://steward@127.0.0.1:$port/postgres"
"$@"
