#!/usr/bin/env bash
# Lays the texts of programmes on their recordings with the aligners of others, and says how far their lines are from
# the truth. What is ours beside it: wav2vec align --manifest FOLDER/programmes.jsonl --lines.
#
#   bench/other_aligners.sh FOLDER OUT        FOLDER: what wav2vec programme wrote, in English; OUT: for results
#   bench/other_aligners.sh --help            this text
#
# Uses what is there, and says what is not: echogarden (dynamic time warping against synthetic speech) of the npm package in
# $ECHOGARDEN (npm install --ignore-scripts echogarden), and Debian's pocketsphinx with pocketsphinx-en-us, which walks
# through the words of the text, where its dictionary has them, with silence and noise between any two.
# $WAV2VEC is the program (build/release/wav2vec).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../scripts/common.sh"

take_words "needs FOLDER and OUT" 2 "$@"
folder=${words[0]}
out=${words[1]}
wav2vec=${WAV2VEC:-$here/../build/release/wav2vec}
for tool in node ffmpeg "$wav2vec"; do
  command -v "$tool" >/dev/null || fail "needs $tool"
done
[ -f "$folder/lines.ctm" ] || fail "$folder: no lines.ctm; expected a folder of wav2vec programme"
mkdir -p "$out"

judge() { # name of the aligner
  printf '%s: %s of %s lines\n' "$1" "$(wc -l <"$out/$1.ctm")" "$(wc -l <"$folder/lines.ctm")"
  "$wav2vec" compare-times "$out/$1.ctm" "$folder/lines.ctm"
}

if [ -n "${ECHOGARDEN:-}" ]; then
  step "echogarden"
  : >"$out/echogarden.ctm"
  for audio in "$folder"/programme_*.flac; do
    name=$(basename "$audio" .flac)
    node "$ECHOGARDEN/node_modules/echogarden/dist/cli/CLILauncher.js" align "$audio" "$folder/$name.txt" "$out/$name.json" \
      --engine=dtw --language=en --overwrite >"$out/$name.log" 2>&1 || fail "echogarden fails, see $out/$name.log"
    node "$here/aligner_lines.cjs" echogarden "$name" "$folder/$name.txt" "$out/$name.json" >>"$out/echogarden.ctm"
  done
  judge echogarden
else
  say "echogarden was left out: \$ECHOGARDEN names no folder."
fi

model=/usr/share/pocketsphinx/model/en-us
if command -v pocketsphinx_batch >/dev/null && [ -d "$model" ]; then
  step "pocketsphinx"
  : >"$out/pocketsphinx.ctm"
  for audio in "$folder"/programme_*.flac; do
    name=$(basename "$audio" .flac)
    ffmpeg -nostdin -v error -y -i "$audio" -ac 1 -ar 16000 -f s16le "$out/$name.raw"
    # "line word" for every word of the dictionary.
    "$wav2vec" text <"$folder/$name.txt" |
      awk 'NR == FNR { known[$1] = 1; next } { for (i = 1; i <= NF; i++) if ($i in known) print FNR, $i }' \
        "$model/cmudict-en-us.dict" - >"$out/$name.words"
    awk '{ word[NR] = $2 } END {
           printf "FSG_BEGIN text\nNUM_STATES %d\nSTART_STATE 0\nFINAL_STATE %d\n", NR + 1, NR
           for (i = 1; i <= NR; i++) printf "TRANSITION %d %d 1.0 %s\n", i - 1, i, word[i]
           print "FSG_END" }' "$out/$name.words" >"$out/$name.fsg"
    echo "$name" >"$out/$name.ctl"
    pocketsphinx_batch -hmm "$model/en-us" -dict "$model/cmudict-en-us.dict" -fsg "$out/$name.fsg" -ctl "$out/$name.ctl" \
      -adcin yes -remove_silence no -cepdir "$out" -cepext .raw -hypseg "$out/$name.seg" -bestpath no -beam 1e-100 -wbeam 1e-100 -pbeam 1e-100 \
      -logfn "$out/$name.log" -fsgusealtpron yes || fail "pocketsphinx fails, see $out/$name.log"
    # utterance S s T t A a L l (start score score word)… end: frames of 10 ms; alternatives are word(2).
    sed 's/([A-Za-z0-9_]*)$//' "$out/$name.seg" |
      awk -v lines="$out/$name.words" '
        { for (i = 10; i + 3 <= NF; i += 4) { n++; start[n] = $i; word[n] = $(i + 3) }
          start[n + 1] = $NF
          for (k = 1; k <= n; k++) {
            w = word[k]; sub(/\([0-9]+\)$/, "", w)
            if (w ~ /^[<\[+]/) continue
            if ((getline row < lines) <= 0) exit
            split(row, field, " ")
            if (field[2] != w) { print "words differ: " field[2] " " w > "/dev/stderr"; exit 1 }
            printf "%d %.2f %.2f\n", field[1], start[k] / 100, start[k + 1] / 100 } }' >"$out/$name.times"
    node "$here/aligner_lines.cjs" words "$name" "$folder/$name.txt" "$out/$name.times" >>"$out/pocketsphinx.ctm"
  done
  judge pocketsphinx
else
  say "pocketsphinx was left out: no pocketsphinx_batch or no model."
fi
