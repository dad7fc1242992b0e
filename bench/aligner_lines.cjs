// The lines of a text out of the words that another aligner has found, as a CTM.
//
//   node bench/aligner_lines.cjs echogarden NAME TEXT TIMELINE.json    its JSON
//   node bench/aligner_lines.cjs words NAME TEXT WORDS.txt             "line start end" for every word that was found
//
// Prints `NAME:LINE 1 start duration text` for every line that has words.
"use strict";
const fs = require("fs");

const [kind, name, textPath, foundPath] = process.argv.slice(2);
const text = fs.readFileSync(textPath, "utf8");
const lines = text.split("\n");
const times = lines.map(() => null);
const note = (line, start, end) => {
  const old = times[line];
  times[line] = old === null ? [start, end] : [Math.min(old[0], start), Math.max(old[1], end)];
};

if (kind === "echogarden") {
  const ends = [];
  let at = 0;
  for (const line of lines) ends.push((at += line.length + 1));
  const visit = (entries) => {
    for (const entry of entries) {
      if (entry.type === "word") note(ends.findIndex((end) => entry.startOffsetUtf16 < end), entry.startTime, entry.endTime);
      else if (entry.timeline) visit(entry.timeline);
    }
  };
  visit(JSON.parse(fs.readFileSync(foundPath, "utf8")));
} else {
  for (const row of fs.readFileSync(foundPath, "utf8").split("\n")) {
    const [line, start, end] = row.split(" ").map(Number);
    if (row !== "") note(line - 1, start, end);
  }
}
lines.forEach((line, i) => {
  if (times[i] === null) return;
  const [start, end] = times[i];
  console.log(`${name}:${i + 1} 1 ${start.toFixed(3)} ${(end - start).toFixed(3)} ${line.trim().replace(/\s/g, "_")}`);
});
