// Runs an ONNX model in onnxruntime-node and holds z and c against features that wav2vec wrote.
//
//   node compare_onnx.cjs RUNTIME MODEL.onnx CASES
//
// RUNTIME: folder with node_modules/onnxruntime-node. CASES: folder with waves/NAME.f32 (samples, little-endian),
// z/NAME.npy and c/NAME.npy. Waves of the same length also run as one batch. Ends with 1 when a value is off
// by more than 1e-4 of the features' root mean square.
const fs = require('fs');
const path = require('path');

const LIMIT = 1e-4;
const [runtime, model, cases] = process.argv.slice(2);
const ort = require(require.resolve('onnxruntime-node', {paths: [runtime]}));

const floats = (bytes) =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));

function readNpy(file) {
  const bytes = fs.readFileSync(file);
  const end = 10 + bytes.readUInt16LE(8);
  const [frames, channels] = /'shape': \((\d+), (\d+)\)/.exec(bytes.toString('latin1', 10, end)).slice(1).map(Number);
  return {frames, channels, values: floats(bytes.subarray(end))};
}

// Largest difference of item b, in units of the expected values' root mean square.
function difference(tensor, b, expected) {
  const [, frames, channels] = tensor.dims;
  if (frames !== expected.frames || channels !== expected.channels)
    throw new Error(`shape ${tensor.dims}, expected ${expected.frames} x ${expected.channels}`);
  const size = frames * channels;
  let squares = 0;
  let worst = 0;
  for (let i = 0; i < size; ++i) {
    const error = Math.abs(tensor.data[b * size + i] - expected.values[i]);
    if (!(error <= worst)) worst = error;  // keeps NaN
    squares += expected.values[i] ** 2;
  }
  return worst / Math.sqrt(squares / size);
}

async function main() {
  const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 2});
  const waves = fs.readdirSync(path.join(cases, 'waves')).map((file) => ({
    name: path.basename(file, '.f32'),
    samples: floats(fs.readFileSync(path.join(cases, 'waves', file))),
  }));
  waves.sort((a, b) => a.samples.length - b.samples.length);
  const batches = waves.map((wave) => [wave]);
  for (const length of new Set(waves.map((wave) => wave.samples.length))) {
    const same = waves.filter((wave) => wave.samples.length === length);
    if (same.length > 1) batches.push(same);
  }

  let failed = 0;
  for (const batch of batches) {
    const length = batch[0].samples.length;
    const input = new Float32Array(batch.length * length);
    batch.forEach((wave, b) => input.set(wave.samples, b * length));
    const out = await session.run({waveform: new ort.Tensor('float32', input, [batch.length, length])});
    for (const [b, wave] of batch.entries()) {
      const errors = ['z', 'c'].map((layer) => difference(out[layer], b, readNpy(path.join(cases, layer, `${wave.name}.npy`))));
      const ok = errors.every((error) => error <= LIMIT);
      if (!ok) ++failed;
      console.log(`${ok ? 'ok  ' : 'OFF '} ${wave.name}: ${length} samples, batch of ${batch.length}, ${out.z.dims[1]} frames: ` +
                  `z ${errors[0].toExponential(1)}, c ${errors[1].toExponential(1)} of rms`);
    }
  }
  if (batches.length === 0) throw new Error('no cases');
  process.exitCode = failed ? 1 : 0;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
