#!/usr/bin/env bash
# How many instructions one operation on clocks takes, counted by valgrind: the same on every run, so that a change shows however busy the machine is.
# Needs valgrind; no part of the tests. Valgrind knows AVX2 at most, so that is what the dense loops are counted with.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release -p tidings-benches --bin instructions
binary="${CARGO_TARGET_DIR:-target}/release/instructions"

# The instructions of a whole run: starting up, making the clocks, and the work.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$@" 2>&1 | awk '/Collected/ { print $NF }'
}

printf '%-16s %6s %14s\n' work n instructions
for work in merge compare tick sparse-merge hybrid-tick interval-join; do
    for n in 4 16 64 256 1024; do
        case "$work" in hybrid-tick) [ "$n" = 4 ] || continue ;; esac
        few=$(count "$work" "$n" 10)
        many=$(count "$work" "$n" 1010)
        printf '%-16s %6s %14s\n' "$work" "$n" "$(((many - few) / 1000))"
    done
done
