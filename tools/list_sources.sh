#!/bin/sh
# Prints the C files of a folder, relative to the source root, sorted: Meson has no wildcard of its own, and a new
# file must not need a line in a build file. `make` configures again when the list of files has changed.
cd "$1" || exit 1
find "$2" -maxdepth 1 -name '*.c' | LC_ALL=C sort
