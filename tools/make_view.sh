#!/bin/sh
# make_view.sh ROOT VIEW LAYER...: fills VIEW with links to the folders of these layers, as #include names them
# ("base/err.h", "gen/db/album.h"). A layer compiled with -IVIEW cannot include anything else of the project.
set -eu
root=$1 view=$2
shift 2
rm -rf "$view"
mkdir -p "$view/gen"
for layer; do
    case $layer in
    gen_*) ln -s "$root/gen/${layer#gen_}" "$view/gen/${layer#gen_}" ;;
    *) ln -s "$root/src/$layer" "$view/$layer" ;;
    esac
done
