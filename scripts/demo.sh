#!/usr/bin/env bash
# From a bare Debian 12 machine to learned speech features: installs, builds, fetches real speech, learns from it
# for a few minutes, writes features, checks a subtitle. Explains itself as it goes. Everything but Debian packages stays in build/.
#
# Run again, it reuses the build and the speech. An interrupted training goes on where it stopped; a finished one
# is kept as build/demo/run.1, run.2 … and a new one starts.
#
#   scripts/demo.sh           all of it; takes no options but -h, --help
#
# Results: build/demo/run/report.html (curves), build/demo/run/checkpoints (the model), build/demo/features,
# build/demo/film/check.html (a spoiled subtitle).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

for argument in "$@"; do
  case $argument in
    -h | --help)
      print_help scripts/demo.sh
      exit 0
      ;;
    *) fail_usage "unknown argument $argument" ;;
  esac
done

demo=build/demo
speech=$demo/speech
run=$demo/run
wav2vec=build/release/wav2vec

step "1/8 Debian packages"
bash scripts/install-packages.sh

step "2/8 Build the program (Release, into build/release)"
say "A few minutes the first time, nothing when it is up to date."
cmake --preset release >/dev/null
cmake --build --preset release --target wav2vec_cli

step "3/8 Real speech"
# Downloaded and unpacked here rather than installed: the system stays as it is.
unpack_debian_package() {
  rm -rf "$demo/packages/$1"
  mkdir -p "$demo/packages/$1"
  (cd "$demo/packages/$1" && apt-get download -q=2 -o APT::Sandbox::User=root "$1" && dpkg -x ./*.deb .) ||
    fail "cannot download the Debian package $1; is the network there?"
}
decode_prompts() {
  local sounds=$1
  # xargs starts one sh per prompt; $1 is the prompt, $2 the folder.
  # shellcheck disable=SC2016
  (cd "$sounds" && find . -name '*.g722' -printf '%P\0') |
    xargs -0 -P "$(nproc)" -I{} sh -c '
      out=$3/${1%.g722}.flac
      mkdir -p "${out%/*}"
      ffmpeg -nostdin -v error -y -i "$2/$1" "$out"' _ {} "$sounds" "$speech.new"
}
fetch_speech() {
  local prompts=asterisk-core-sounds-en-g722 texts=asterisk-core-sounds-en
  apt-cache show "$prompts" >/dev/null 2>&1 || refresh_package_lists
  unpack_debian_package "$prompts"
  unpack_debian_package "$texts"
  say "Decoding the prompts from G.722 to FLAC once, for training reads them many times …"
  rm -rf "$speech.new"
  mkdir -p "$speech.new"
  decode_prompts "$demo/packages/$prompts/usr/share/asterisk/sounds/en_US_f_Allison"
  zcat "$demo/packages/$texts/usr/share/doc/$texts/core-sounds-en.txt.gz" >"$speech.new/transcripts.txt"
  cp "$demo/packages/$prompts/usr/share/doc/$prompts/copyright" "$speech.new/copyright"
  rm -rf "$demo/packages"
  mv "$speech.new" "$speech" # last, so that it is whole or not there
}
say "The telephone prompts of the Asterisk project, 16 kHz, from Debian's asterisk-core-sounds-en-g722 (11 MB)."
say "Recorded by Allison Smith (www.theivrvoice.com), financial contributions by Digium, Inc. (www.digium.com);"
say "licence CC BY-SA 3.0, text in $speech/copyright. Decoded to FLAC here, otherwise unchanged."
if [ -d "$speech" ]; then
  say "Already in $speech."
else
  fetch_speech
fi

step "4/8 Manifest: which audio there is, and how long"
"$wav2vec" manifest "$speech" -o "$demo/all.tsv"
say "The doctor decodes every file, says what is wrong and leaves out what is of no use (here: recorded silence):"
"$wav2vec" doctor "$demo/all.tsv" -o "$demo/train.tsv" || [ $? -eq 1 ] # 1: it found something

step "5/8 Pretrain: learn from the sound alone, without transcripts"
say "The network hears speech up to a moment and must tell the sound that really follows, 30 to 140 ms later,"
say "from 10 others of the same recording. Guessing costs 11 bits; knowing only that one in eleven is right costs"
say "4.834 bits. Whatever is below that has been learned from speech. The recipe: recipes/pretrain/demo.toml"
if [ -e "$run/finished" ]; then
  number=1
  while [ -e "$run.$number" ]; do number=$((number + 1)); done
  mv "$run" "$run.$number"
  say "The run of an earlier demo is now $run.$number; this one starts anew."
elif [ -e "$run/recipe.toml" ]; then
  say "An unfinished run is here: it goes on from its newest checkpoint."
fi
say "Ctrl-C saves and stops; start the demo again to go on."
status=0
if [ -e "$run/recipe.toml" ]; then
  "$wav2vec" pretrain --resume --out "$run" || status=$?
else
  "$wav2vec" pretrain --config recipes/pretrain/demo.toml --train "$demo/train.tsv" --out "$run" || status=$?
fi
[ $status -ne 8 ] || say "Stopped and saved. Start the demo again to go on."
[ $status -eq 0 ] || exit $status
touch "$run/finished"

step "6/8 Extract: one vector of features every 10 ms"
rm -rf "$demo/features"
"$wav2vec" extract --model "$run" --layer c --format npy --out "$demo/features" "$demo/train.tsv"

step "7/8 Inspect: what the files are"
say "vm-goodbye says: $(sed -n 's/^vm-goodbye: //p' "$speech/transcripts.txt")"
"$wav2vec" inspect "$demo/train.tsv" "$run" "$speech/vm-goodbye.flac" "$demo/features/vm-goodbye.npy"

step "8/8 Check: a film whose subtitle was spoiled"
say "A film of two minutes is made of these prompts, then its subtitle is shifted by 1.7 s and one text is exchanged."
film=$demo/film
rm -rf "$film"
mkdir -p "$film"
{
  printf 'path\ttext\n'
  sed -n 's/^\([a-z0-9-]*\): \([A-Z].\{24,\}\)$/\1\t\2/p' "$speech/transcripts.txt" |
    while IFS=$'\t' read -r name text; do
      [ ! -f "$speech/$name.flac" ] || printf '%s\t%s\n' "$PWD/$speech/$name.flac" "$text"
    done
} >"$film/spoken.tsv"
"$wav2vec" manifest --from "$film/spoken.tsv" -o "$film/spoken.jsonl"
"$wav2vec" programme --utterances "$film/spoken.jsonl" --minutes 2 --seed 7 --out "$film"
ffmpeg -nostdin -v error -y -f lavfi -i "testsrc=size=320x180:rate=5:duration=120" -i "$film/programme_001.flac" \
  -c:v mpeg4 -c:a aac "$film/film.mkv"
ffmpeg -nostdin -v error -y -itsoffset 1.7 -i "$film/programme_001.srt" "$film/shifted.srt"
awk 'NR == 11 { print "The weather will be fine and dry tomorrow."; next } { print }' "$film/shifted.srt" >"$film/film.srt"
"$wav2vec" check "$film/film.mkv" "$film/film.srt" --list --html "$film/check.html" || [ $? -eq 1 ] # 1: it found something
say "retime writes a copy whose times are right; everything else stays as it was:"
"$wav2vec" retime "$film/film.mkv" "$film/film.srt" -o "$film/film.fixed.srt"

step "Done after $(elapsed)"
say "What check found, to look at and hear: $film/check.html  (open it in a browser)"
say "Curves, per-step accuracy and recipe:  $run/report.html  (open it in a browser)"
say "Model:                                 $run/checkpoints, for --model $run"
say "Features (NumPy):                      $demo/features, time axis in frames.json"
say "Your own audio next: README.md, \"On your own audio\"."
