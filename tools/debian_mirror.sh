#!/bin/bash
# debian_mirror.sh RELEASE: the address that apt has a release of Debian from, in either format of its sources; nothing
# when it has it from nowhere.
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v release="$1" '
    $1 == "deb" { for (i = 2; i < NF; i++) if ($i ~ /^[a-z+]+:\/\// && $(i + 1) == release) { print $i; exit } }
    NF == 0 || $1 == "Types:" { address = "" }
    $1 == "URIs:" { address = $2 }
    $1 == "Suites:" { for (i = 2; i <= NF; i++) if ($i == release && address != "") { print address; exit } }'
exit 0
