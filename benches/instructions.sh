#!/usr/bin/env bash
# How many instructions one operation on clocks takes, counted by valgrind: the same on every run, so that a change shows however busy the machine is.
# Fails if any work grows faster than its input: twice as many entries may take little more than twice as many instructions, whoever made them up.
# Needs valgrind; no part of the tests. Valgrind knows AVX2 at most, so that is what the dense loops are counted with.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release -p tidings-benches --bin instructions
binary="${CARGO_TARGET_DIR:-target}/release/instructions"
counted=$(mktemp)
trap 'rm -f "$counted"' EXIT

# The instructions of a whole run: starting up, making the clocks, and the work.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$@" 2>&1 | awk '/Collected/ { print $NF }'
}

# What one operation takes: the difference between few and many, so that what comes before them does not count.
row() {
    printf '%-18s %6s %12s\n' "$1" "$2" "$((($(count "$1" "$2" 102) - $(count "$1" "$2" 2)) / 100))" | tee -a "$counted"
}

printf '%-18s %6s %12s\n' work n instructions
row hybrid-tick 1
for work in merge compare tick sparse-merge interval-join decode-vector decode-siblings decode-exceptions new-ids context-join \
    exception-join sibling-join to-dense agreement; do
    for n in 4 16 64 256 512 1024; do
        row "$work" "$n"
    done
done

awk '
    { count[$1, $2] = $3; works[$1] }
    END {
        for (work in works)
            for (n = 256; n <= 512; n *= 2)
                if (count[work, 2 * n] > 2.4 * count[work, n]) {
                    print work " grows too fast from " n " entries on" > "/dev/stderr"
                    failed = 1
                }
        exit failed
    }' "$counted"
