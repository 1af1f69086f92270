#!/bin/sh
# ShellCheck over every shell script of the tree, those without a suffix too.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
files=$(git ls-files --cached --others --exclude-standard -- '*.sh' '.ci/run' | sort -u)
[ -n "$files" ] || fail "no scripts found"
present=
for file in $files; do
    [ ! -f "$file" ] || present="$present $file"
done
# shellcheck disable=SC2086 # paths have no blanks
shellcheck -x $present || exit 1
# A script that it must refuse, so that a broken shellcheck is not a pass.
# shellcheck disable=SC2016
if printf '#!/bin/sh\nrm $1/*\n' | shellcheck - >/dev/null 2>&1; then
    fail "shellcheck accepts an unquoted rm"
fi
say "== shellcheck: $(say "$present" | wc -w) scripts"
