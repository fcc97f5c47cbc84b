import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGroup } from '../runs/children.js';
import { keepCorpus, unpackCorpus } from './corpus.js';

/** The size of an input. Each reader's own tests try the largest that it takes. */
const maxBytes = 4096;

/** Seconds that one input may take. */
const maxSeconds = 10;

/**
 * Runs one target for some seconds, or with one input. Returns the number of inputs, the processor time in seconds and the size of the
 * corpus; or what failed, and where its input is.
 * @param {string} program
 * @param {string} name
 * @param {{ seconds: number, input?: string | undefined, keep: boolean }} options
 */
export async function fuzz(program, name, { seconds, input, keep }) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-fuzz-'));
  const found = join(folder, 'found');
  const kept = join(folder, 'kept');
  try {
    for (const path of [found, kept]) mkdirSync(path);
    const corpus = unpackCorpus(name, kept);
    const limits = [
      `-max_len=${maxBytes}`,
      `-timeout=${maxSeconds}`,
      '-rss_limit_mb=4096',
      '-print_final_stats=1',
    ];
    const time = seconds === 0 ? '-runs=0' : `-max_total_time=${seconds}`;
    const inputs = input === undefined ? [time, found, kept] : [input];
    const args = [...limits, `-artifact_prefix=fuzz-${name}-`, ...inputs];
    const { status, output, used } = await run(program, name, args);
    const runs = Number(/^stat::number_of_executed_units:\s+(\d+)/m.exec(output)?.[1] ?? 0);
    const done = { name, runs, seconds: Math.round(used), corpus };
    if (status !== 0) return { ...done, failure: whatFailed(output) };
    if (!keep || input !== undefined) return done;
    const merged = join(folder, 'merged');
    mkdirSync(merged);
    const merge = await run(program, name, [
      '-set_cover_merge=1',
      `-max_len=${maxBytes}`,
      merged,
      kept,
      found,
    ]);
    if (merge.status !== 0) return { ...done, failure: whatFailed(merge.output) };
    return { ...done, corpus: keepCorpus(name, merged) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * `used`: processor time in seconds, which the shell knows for its children.
 * @param {string} program
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number | null, output: string, used: number }>}
 */
function run(program, name, args) {
  const env = { ...process.env, VMSSH_FUZZ_TARGET: name };
  const timed = ['-c', '"$0" "$@"; status=$?; times >&2; exit $status', program, ...args];
  const child = startGroup('/bin/sh', timed, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output, used: usedIn(output) }));
  });
}

/** From the last line: user and system time, such as "1m2.5s 0m0.25s". @param {string} output */
function usedIn(output) {
  const times = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(output) ?? [];
  const [userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = times.slice(1).map(Number);
  return 60 * (userMinutes + systemMinutes) + user + system;
}

/** What was thrown, or what the sanitizer says; and the file. @param {string} output */
function whatFailed(output) {
  const said = output
    .split('\n')
    .filter((line) => /^\w*Error: |^SUMMARY: |runtime error: |Test unit written/.test(line));
  return said.join('\n  ') || output.slice(-500);
}
