#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors and runs the tests.
#
#   scripts/test.sh           what CI runs
#   scripts/test.sh --slow    also the tests whose name begins with "slow: "
#   scripts/test.sh --asan    with AddressSanitizer and UndefinedBehaviorSanitizer
#   scripts/test.sh --help    this text
#
# Everything built is in build/dev (build/asan), ctest's log in its Testing/Temporary. Ends with 1 if a test fails.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

preset=dev
select=(--exclude-regex ': ?slow: ')
for argument in "$@"; do
  case $argument in
    --slow) select=() ;;
    --asan) preset=asan ;;
    -h | --help)
      print_help scripts/test.sh
      exit 0
      ;;
    *) fail_usage "unknown argument $argument" ;;
  esac
done

step "1/3 Debian packages"
bash scripts/install-packages.sh

step "2/3 Build into build/$preset: all warnings on, each one an error"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
built=$(elapsed)

step "3/3 Tests, one process each"
ctest --preset "$preset" --parallel "$(nproc)" --progress "${select[@]}" ||
  fail "tests failed, see above; one alone: ctest --preset $preset -R NAME"
say "All passed. Ready to test after $built, done after $(elapsed)."
[ ${#select[@]} -eq 0 ] || say "Slow tests were left out: scripts/test.sh --slow runs them."
