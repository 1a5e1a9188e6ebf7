// The peer of bench/derivatives.py: the same sizes, qualities and thumbhash by sharp, two files at a time in one process.
//   node sharp.mjs MODE REPEAT OUT FILE…       MODE: chain (small from big, as we do) or plain (each from the original)
// Prints JSON: files and seconds, from the first file to the last; the start of node and sharp's loading do not count.
import fs from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';

const PARALLEL = 2;
const [mode, repeat, out, ...files] = process.argv.slice(2);
sharp.concurrency(1);
sharp.cache(false);

const jpeg = { quality: 80 };
const webp = { quality: 80, effort: 2 };
const inside = (side) => ({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
const outside = (side) => ({ width: side, height: side, fit: 'outside', withoutEnlargement: true });
const decoded = (file) => sharp(file).rotate().toColourspace('srgb');
const raw = async (image) => {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
};
const hash = async (image) => {
  const { data, info } = await image.resize(inside(100)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return rgbaToThumbHash(info.width, info.height, data);
};

async function chain(file, name) {
  const preview = await raw(decoded(file).resize(inside(1440)));
  await preview().jpeg(jpeg).toFile(`${name}.jpg`);
  const thumbnail = await raw(preview().resize(outside(250)));
  await thumbnail().webp(webp).toFile(`${name}.webp`);
  return hash(thumbnail());
}

async function plain(file, name) {
  await decoded(file).resize(inside(1440)).jpeg(jpeg).toFile(`${name}.jpg`);
  await decoded(file).resize(outside(250)).webp(webp).toFile(`${name}.webp`);
  return hash(sharp(`${name}.webp`));
}

const work = { chain, plain }[mode];
let next = 0;
const total = files.length * Number(repeat);
async function lane() {
  while (next < total) {
    const file = files[next++ % files.length];
    await work(file, path.join(out, path.basename(file)));
  }
}
await fs.mkdir(out, { recursive: true });
const started = performance.now();
await Promise.all(Array.from({ length: PARALLEL }, lane));
console.log(JSON.stringify({ files: total, seconds: (performance.now() - started) / 1000, versions: sharp.versions }));
