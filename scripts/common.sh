# shellcheck shell=bash
# Shared by the scripts here and in bench; sourced, never run.

started_at=$SECONDS

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment at the head of the script named, as its help.
print_help() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$1"; }
fail_usage() {
  printf '%s: %s; see --help\n' "$(basename "$0")" "$*" >&2
  exit 2
}

# Arguments that are words alone into the array `words`: as many as asked for, or what is said is needed.
take_words() { # what is needed, how many, arguments
  local needed=$1 count=$2 argument
  shift 2
  words=()
  for argument in "$@"; do
    case $argument in
      -h | --help)
        print_help "$0"
        exit 0
        ;;
      -*) fail_usage "unknown argument $argument" ;;
      *) words+=("$argument") ;;
    esac
  done
  [ ${#words[@]} -eq "$count" ] || fail_usage "$needed"
}

# Without a terminal nobody could type a password: sudo must not wait for one.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    fail "needs root, and there is no sudo: run scripts/install-packages.sh as root, then start this again"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# The package lists of apt; a mirror that cannot be reached shows in the installation, by name.
refresh_package_lists() {
  as_root apt-get update -q=2 -o DPkg::Lock::Timeout=300 ||
    say "Some package lists could not be refreshed; going on with the others."
}

elapsed() { printf '%d min %02d s' $(((SECONDS - started_at) / 60)) $(((SECONDS - started_at) % 60)); }
