#!/usr/bin/env bash
# Installs the Debian packages that building and running wav2vec needs, and only those that are missing.
# Needs root (asks sudo) and the network only when something is missing. Can be run again at any time;
# takes no options but -h, --help.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

for argument in "$@"; do
  case $argument in
    -h | --help)
      print_help "$0"
      exit 0
      ;;
    *) fail_usage "unknown argument $argument" ;;
  esac
done

packages=(
  # to build
  g++                 # compiler and OpenMP
  cmake
  ninja-build
  pkgconf             # finds libsndfile, FFTW and soxr
  # libraries
  libdnnl-dev         # oneDNN: convolutions and matrix products
  libeigen3-dev       # small linear algebra
  libfftw3-dev        # spectra (GPL, see NOTICE)
  libsndfile1-dev     # reads WAV, FLAC, Ogg, MP3
  libsoxr-dev         # resampling
  libhdf5-dev         # features as HDF5
  libicu-dev          # Unicode: scripts, words, numbers
  libcld2-dev         # in which language a text is
  libcli11-dev        # command line
  libfmt-dev          # text
  nlohmann-json3-dev  # JSON
  libtomlplusplus-dev # recipes
  libonnx-dev         # messages of ONNX files
  libprotobuf-dev     # which need this
  mpi-default-dev     # training on several hosts; the program can be built without (-DW2V_MPI=OFF)
  libespeak-ng-dev    # phones and voices of many languages (GPL, see NOTICE); can be left out (-DW2V_ESPEAK=OFF)
  flite1-dev          # English voices; can be left out (-DW2V_FLITE=OFF)
  doctest-dev         # tests
  # to test what others read; the tests that need them are skipped without
  python3-numpy
  python3-h5py
  # to run
  ffmpeg # reads MP4, Matroska, AAC, G.722 …
)

command -v apt-get >/dev/null ||
  fail "needs Debian 12 or a relative of it (no apt-get here); install these yourself: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=absent
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "All ${#packages[@]} Debian packages are there; nothing to install."
  exit 0
fi

say "Installing ${#missing[@]} of ${#packages[@]} Debian packages: ${missing[*]}"
[ "$(id -u)" -eq 0 ] || say "Installing needs root: sudo apt-get runs now and may ask for your password."
refresh_package_lists
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q=2 --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
  "${missing[@]}" >/dev/null ||
  fail "apt-get could not install ${missing[*]}; is the network there, and is this Debian 12 (bookworm) or newer?"
say "Installed."
