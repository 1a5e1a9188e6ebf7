#!/bin/bash
# start.sh SUITE: seconds from ./start in a bare Debian (bookworm or trixie) to its first answer, and of the second start.
# Makes a chroot with mmdebstrap from the mirror that apt uses here, clones this repository into it and runs ./start there.
# Needs root, mmdebstrap and a network to the package registries. What is measured: download, installation, build, start.
set -euo pipefail
suite=${1:?bookworm or trixie}
source_tree=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /var/tmp/swissphoto-start.XXXXXX)
root=$work/root
pid=
finish() {
    [ -z "$pid" ] || { kill -INT "$pid" 2>/dev/null && wait "$pid"; } || true
    for folder in dev proc sys; do umount -R "$root/$folder" 2>/dev/null || true; done
    mountpoint -q "$root/dev" || rm -rf --one-file-system "$work"
}
trap finish EXIT

mirror=$("$source_tree/tools/debian_mirror.sh" "$(. /etc/os-release && echo "$VERSION_CODENAME")")
mmdebstrap --quiet --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/host.crt"
[ ! -f ~/.npmrc ] || cp ~/.npmrc "$root/root/.npmrc"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder" && mount --make-rslave "$root/$folder"; done
git clone --quiet "$source_tree" "$root/srv/swissphoto"

# Prints the seconds until it answers, then stops it as Ctrl-C does.
one_start() {
    local begin address log=$work/log
    : >"$log"
    begin=$(date +%s.%N)
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/host.crt \
        /srv/swissphoto/start --port 0 >"$log" 2>&1 &
    pid=$!
    until grep -q '^SwissPhoto is ready' "$log"; do
        kill -0 "$pid" 2>/dev/null || { cat "$log" >&2; exit 1; }
        read -rt 0.05 <> <(:) || true
    done
    address=$(sed -n 's/^SwissPhoto is ready: //p' "$log")
    curl -fsS -o "$work/page" "$address/" && grep -q '<html' "$work/page"
    awk -v what="$1" -v begin="$begin" -v end="$(date +%s.%N)" 'BEGIN { printf "%s: %.1f s to the login page\n", what, end - begin }'
    kill -INT "$pid"
    wait "$pid"
    pid=
}
one_start "$suite, first start"
one_start "$suite, second start"
