#!/bin/bash
# with_redis.sh COMMAND...: runs COMMAND with a throw-away Redis or Valkey on a unix socket, without persistence.
# SWISSPHOTO_TEST_REDIS holds its URL, as the option redis-url takes it.
set -euo pipefail
# the check programs of Debian's -tools packages are the server by another name
server=$(command -v valkey-server redis-server valkey-check-rdb redis-check-rdb | head -n 1 || true)
name=$(basename "${server/check-rdb/server}")
[ -n "$server" ] || { echo "with_redis: neither Valkey nor Redis is installed" >&2; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/swredis.XXXXXX")
pid=
stop() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
    rm -rf "$dir"
}
trap stop EXIT
(exec -a "$name" "$server" --port 0 --unixsocket "$dir/s" --unixsocketperm 700 --dir "$dir" --save '' --appendonly no >"$dir/log" 2>&1) &
pid=$!
until [ -S "$dir/s" ]; do
    kill -0 "$pid" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    read -rt 0.02 <> <(:) || true
done
export SWISSPHOTO_TEST_REDIS="unix://$dir/s"
"$@"
