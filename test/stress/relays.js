/** @import { Bed } from './bed.js' */
/** @import { Held, Runtime, Size } from './types.js' */
import { join } from 'node:path';
import { startHarness } from '../bench/harness.js';
import { watchChildren } from './watch.js';

/** Megabytes by which a relay may grow once it moves bytes, because of malloc and the kernel's accounting. */
const maxGrowth = { executable: 0.5, node: 24 };

/** Samples that a figure of a relay's memory needs. */
const minSamples = 3;

/** MiB above which a stream is not sent again. */
const maxStream = 256 * 1024;

/**
 * When a relay's memory no longer grows: for the executable half a second after it freed its engine, for Node after a second of bytes, or
 * after four seconds or half of its time.
 */
const settled = (/** @type {Runtime} */ { name }, seconds = 0) =>
  name === 'executable'
    ? (/** @type {string} */ title, /** @type {number} */ age) => title === 'vmssh: relay' && age > 500
    : (/** @type {string} */ _title, /** @type {number} */ age) =>
        age > (seconds === 0 ? 1000 : Math.max(4000, 500 * seconds));

/**
 * Sessions with the server that echoes, through a stand-in for ssh (test/bench/harness/sessions.c).
 * @param {Bed} bed
 * @param {Runtime} runtime
 * @param {Size} size
 * @param {boolean} pass by fd passing
 * @returns {Promise<Held>}
 */
export async function sessions(bed, runtime, { count, atOnce, seconds = 0 }, pass) {
  const command = [...runtime.command, 'proxy', ...(pass ? ['--fdpass'] : []), `unix${bed.echo}`, '22'];
  const { child, ended, texts } = startHarness(bed.harness, {
    mode: 'sessions',
    command,
    count,
    'at-once': atOnce,
    seconds,
    pass: pass ? 'yes' : 'no',
    limit: 3600 + seconds,
    env: bed.env,
  });
  child.stdin.end();
  const watch = seconds > 0 ? watchChildren(child.pid ?? 0, settled(runtime, seconds)) : undefined;
  const answer = JSON.parse(await ended);
  const { failed, echoes, descriptors, threads, processes } = answer;
  const seen = watch?.stop();
  if (failed > 0 || texts.stderr !== '') throw new Error(`${failed} failed: ${start(texts.stderr)}`);
  if (descriptors + threads + processes !== 0) throw new Error(`left behind: ${JSON.stringify(answer)}`);
  if (echoes !== count * (1 + seconds)) throw new Error(`${echoes} echoes in ${count} sessions`);
  if (seconds === 0) return { what: `${count}` };
  return {
    what: `${count} for ${seconds < 120 ? `${seconds} s` : `${seconds / 60} min`}`,
    more: `${echoes} echoes; ${checked(seen, runtime)}`,
  };
}

/**
 * One relay of `count` MiB, each block compared where it arrives; if that was too short to sample its memory, again with four times as many.
 * @param {Bed} bed
 * @param {Runtime} runtime
 * @param {Size} size
 * @returns {Promise<Held>}
 */
export async function stream(bed, runtime, { count, atOnce }) {
  const socket = join(bed.folder, `stream-${runtime.name}`);
  const { child, ended, texts } = startHarness(bed.harness, {
    mode: 'stream',
    command: [...runtime.command, 'proxy', `unix${socket}`, '22'],
    socket,
    bytes: count * 2 ** 20,
    limit: 3600,
    env: bed.env,
  });
  child.stdin.end();
  const watch = watchChildren(child.pid ?? 0, settled(runtime));
  const { bytes } = JSON.parse(await ended);
  const seen = watch.stop();
  if (texts.stderr !== '') throw new Error(start(texts.stderr));
  if (seen.samples < minSamples && count < maxStream)
    return stream(bed, runtime, { count: count * 4, atOnce });
  return { what: `${bytes / 2 ** 30} GiB`, more: `every block compared; ${checked(seen, runtime)}` };
}

/** As text; throws if a relay grew. @param {ReturnType<ReturnType<typeof watchChildren>['stop']> | undefined} seen @param {Runtime} runtime */
function checked(seen, { name }) {
  if (!seen || seen.samples < minSamples) throw new Error('too short to measure the memory');
  const { most, growth, descriptors, threads } = seen;
  if (growth > maxGrowth[name]) throw new Error(`a relay grew by ${growth} MB`);
  if (descriptors > 0 || threads > 0)
    throw new Error(`a relay has more ${JSON.stringify({ descriptors, threads })}`);
  return `resident at most ${most.toFixed(1)} MB each, growth ${growth.toFixed(1)} MB`;
}

/** The beginning of what programs printed, on one line. @param {string} text */
function start(text) {
  return text.slice(0, 300).trimEnd().replaceAll('\n', ' | ');
}
