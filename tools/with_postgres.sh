#!/bin/bash
# with_postgres.sh COMMAND...: runs COMMAND with a throw-away PostgreSQL on a unix socket.
# SWISSPHOTO_TEST_DATABASE holds its connection string. As root the server runs as "nobody": PostgreSQL refuses root.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "with_postgres: no PostgreSQL server is installed" >&2; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/swpg.XXXXXX")
as=()
if [ "$(id -u)" = 0 ]; then
    chown nobody "$dir"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
fi
stop() {
    (cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true
    rm -rf "$dir"
}
trap stop EXIT
cd_root() { (cd / && "${as[@]}" "$@"); }
cd_root "$bin/initdb" -D "$dir/data" -U swissphoto -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
cd_root "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/log" -o "-k $dir -c listen_addresses= -c fsync=off -c shared_buffers=32MB -c timezone=UTC" start >/dev/null || { cat "$dir/data/log" >&2; exit 1; }
cd_root "$bin/createdb" -h "$dir" -U swissphoto swissphoto
export SWISSPHOTO_TEST_DATABASE="host=$dir user=swissphoto dbname=swissphoto"
"$@"
