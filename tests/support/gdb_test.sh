#!/bin/sh
# gdb.py shows what it promises: gdb_test.sh GDB PROGRAM, where PROGRAM is gdb_sample.
set -u
gdb=$1
program=$2
here=$(cd "$(dirname "$0")" && pwd)
# A sanitizer's search for leaks does not work under a debugger.
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS
out=$("$gdb" -batch -nx -x "$here/gdb.py" -ex 'set startup-with-shell off' -ex 'break stop_here' \
    -ex run -ex up -ex 'printf "BEGIN\n"' -ex 'print sample.id' -ex 'print sample.none' \
    -ex 'print sample.text' -ex 'print sample.bytes' -ex 'print sample.nothing' \
    -ex 'print sample.field' -ex 'alcove status sample.status' -ex 'alcove op sample.op' \
    -ex 'alcove statement sample.type' -ex 'alcove op 77' "$program" 2>&1)
found=$(printf '%s\n' "$out" | sed '1,/^BEGIN$/d; s/^\$[0-9]* = //')
wanted='ab0102030405060708090a0b0c0d0e0f
none
38 bytes: 612073686f727420746578742074686174206973206c6f6e676572207468616e... "a short text that is longer than..."
2 bytes: 00ff
0 bytes
3 bytes: 616263 "abc"
NEEDS_EPOCH
EVENT_LEAVES
BAD_SEAL
?77'
[ "$found" = "$wanted" ] && exit 0
printf 'expected:\n%s\nfound:\n%s\n' "$wanted" "$out"
exit 1
