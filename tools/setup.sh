#!/bin/bash
# setup.sh build|test: installs what is missing of SwissPhoto's parts, from Debian's packages and npm alone.
#   build   what compiles and runs it      test   that, and what ./check needs
# On Debian 12 and 13. Needs root for apt only (sudo); apt's sources stay as they are. Everything else goes below .cache/.
# Where nothing is missing it asks no network and is done in an instant.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?setup.sh build|test}
cache=$PWD/.cache
mkdir -p "$cache"
trap 'echo "setup: failed at: $BASH_COMMAND" >&2' ERR
say() { echo "setup: $*" >&2; }
die() { trap - ERR; say "$*"; exit 1; }

release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
build=(ca-certificates gcc libc6-dev libgexiv2-dev libglib2.0-dev libhiredis-dev libmicrohttpd-dev libpq-dev libseccomp-dev
    libsodium-dev libssl-dev libvips-dev libyyjson-dev libzstd-dev make meson ninja-build pkgconf zlib1g-dev)
# redis-tools and valkey-tools have the server itself, under the name of its check program, and no system service
case $release in
bookworm) build+=(postgresql-15 postgresql-15-pgvector redis-tools) ;;
trixie) build+=(libheif-plugin-dav1d libheif-plugin-libde265 postgresql-17 postgresql-17-pgvector valkey-tools) ;;
*) die "this is not Debian 12 or 13. On another system install the parts that ARCHITECTURE.md lists, then run make." ;;
esac
test=(chromium clang-19 clang-format-19 fonts-dejavu-core git libclang-rt-19-dev libcmocka-dev python3-pil python3-psycopg2
    python3-pytest python3-yaml zstd)

# The names that are not installed.
missing() {
    local have
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
    comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$have")
}

# Maintainer scripts find these first: no package starts a service, nor makes a cluster, that listens on TCP.
stubs() {
    mkdir -p "$cache/no-services"
    for name in invoke-rc.d deb-systemd-invoke pg_createcluster; do
        printf '#!/bin/sh\nexit 0\n' >"$cache/no-services/$name"
        chmod +x "$cache/no-services/$name"
    done
}

as_root=()
apt_install() {
    stubs
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false \
        -o "DPkg::Path=$cache/no-services:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" -y -qq install "$@" \
        >"$cache/apt.log" 2>&1 || { tail -n 30 "$cache/apt.log" >&2; die "apt-get install failed; its words are above"; }
}

# Debian 12 lacks two parts, which Debian 13 has. They come from there through a view of apt's own: yyjson's packages as
# they are, pgvector's source compiled for PostgreSQL 15 and packed, so that apt knows and removes it as any other package.
from_trixie() {
    local view=$cache/trixie mirror headers
    rm -rf "$view"
    mkdir -p "$view"/{lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d,etc/sources.list.d,etc/trusted.gpg.d,deb}
    mirror=$(tools/debian_mirror.sh "$release")
    [ -n "$mirror" ] || die "no mirror found in apt's sources"
    printf 'Types: deb deb-src\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$mirror" >"$view/etc/sources.list.d/trixie.sources"
    printf 'Dir::State "%s";\nDir::State::status "/var/lib/dpkg/status";\nDir::State::Lists "%s/lists";\nDir::Cache "%s/cache";\nDir::Etc "%s/etc";\nAPT::Sandbox::User "";\nAcquire::Languages "none";\n' \
        "$view" "$view" "$view" "$view" >"$view/apt.conf"
    (
        export APT_CONFIG=$view/apt.conf
        apt-get -qq update
        cd "$view/deb"
        apt-get -qq download libyyjson0 libyyjson-dev
        cd "$view"
        apt-get -qq source --download-only pgvector
    )
    headers=$cache/postgresql-headers
    rm -rf "$headers"
    (cd "$view" && apt-get -o APT::Sandbox::User= -qq download postgresql-server-dev-15 && dpkg-deb -x postgresql-server-dev-15_*.deb "$headers")
    pack_pgvector "$view" "$headers/usr/include/postgresql/15/server"
}

pack_pgvector() {
    local view=$1 headers=$2 version root=$1/root
    mkdir -p "$view/pgvector" "$root/DEBIAN" "$root/usr/lib/postgresql/15/lib" "$root/usr/share/postgresql/15/extension"
    tar -xf "$view"/pgvector_*.orig.tar.* -C "$view/pgvector" --strip-components=1
    version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$view/pgvector/vector.control")
    [ -n "$version" ] || die "pgvector's source is not as expected"
    find "$view/pgvector/src" -name '*.c' | xargs -P "$(nproc)" -I {} \
        gcc -O2 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math -fPIC -fno-strict-aliasing -fwrapv -g0 -w \
        -I "$headers" -I /usr/include/postgresql -c {} -o {}.o
    find "$view/pgvector/src" -name '*.c.o' -print0 | xargs -0 gcc -shared -o "$root/usr/lib/postgresql/15/lib/vector.so" -lm
    cp "$view/pgvector/vector.control" "$view"/pgvector/sql/vector--*.sql "$root/usr/share/postgresql/15/extension/"
    cp "$view/pgvector/sql/vector.sql" "$root/usr/share/postgresql/15/extension/vector--$version.sql"
    printf 'Package: postgresql-15-pgvector\nVersion: %s-0swissphoto1\nArchitecture: %s\nMaintainer: SwissPhoto <packages@swissphoto.invalid>\nDepends: postgresql-15\nDescription: vector similarity search for PostgreSQL 15\n Compiled by SwissPhoto from the source of Debian 13.\n' \
        "$version" "$(dpkg --print-architecture)" >"$root/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$root" "$view/deb" >/dev/null
}

install_packages() {
    local wanted=("${build[@]}") names local_debs=()
    [ "$what" = build ] || wanted+=("${test[@]}")
    command -v npm >/dev/null || [ -x "$cache/node/bin/node" ] || wanted+=(nodejs npm)
    mapfile -t names < <(missing "${wanted[@]}")
    [ ${#names[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing and sudo is not there. As root: apt-get install ${names[*]}"
        as_root=(sudo)
    fi
    say "installing ${#names[@]} packages of Debian: ${names[*]}"
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -qq update || die "apt-get update failed; its words are above"
    if [ "$release" = bookworm ]; then
        mapfile -t local_debs < <(printf '%s\n' "${names[@]}" | grep -E '^(libyyjson-dev|postgresql-15-pgvector)$' || true)
        mapfile -t names < <(printf '%s\n' "${names[@]}" | grep -vE '^(libyyjson-dev|postgresql-15-pgvector)$' || true)
    fi
    [ ${#names[@]} = 0 ] || apt_install "${names[@]}"
    if [ ${#local_debs[@]} -gt 0 ]; then
        say "two parts of Debian 13 for Debian 12: yyjson, pgvector"
        from_trixie
        apt_install "$cache"/trixie/deb/*.deb
        rm -rf "$cache/trixie" "$cache/postgresql-headers"
    fi
}

# A Node and an npm of known versions, for the web app and its tests.
install_node() {
    local node=$cache/node stamp=$cache/node/installed
    cmp -s tools/node/package-lock.json "$stamp" && return 0
    say "installing Node from npm"
    rm -rf "$node"
    mkdir -p "$node/bin"
    cp tools/node/package.json tools/node/package-lock.json "$node/"
    (cd "$node" && npm ci --no-audit --no-fund --ignore-scripts >"$cache/npm.log" 2>&1) ||
        { tail -n 30 "$cache/npm.log" >&2; die "npm failed; its words are above"; }
    ln -s "$(cd "$node" && echo node_modules/node-linux-*/bin/node | sed 's|^|../|')" "$node/bin/node"
    ln -s ../node_modules/npm/bin/npm-cli.js "$node/bin/npm"
    ln -s ../node_modules/npm/bin/npx-cli.js "$node/bin/npx"
    cp tools/node/package-lock.json "$stamp"
}

install_packages
install_node
