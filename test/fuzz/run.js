import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepCorpus, unpackCorpus } from './corpus.js';

/** Bytes: what a reader takes at most is tried by its own tests. */
const largest = 4096;

/** Seconds for one input. */
const patience = 10;

/**
 * One target for so many seconds, or with one input. Returns how many inputs it had, and how many the corpus has; or what failed,
 * and where its input is.
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
      `-max_len=${largest}`,
      `-timeout=${patience}`,
      '-rss_limit_mb=4096',
      '-print_final_stats=1',
    ];
    const time = seconds === 0 ? '-runs=0' : `-max_total_time=${seconds}`;
    const inputs = input === undefined ? [time, found, kept] : [input];
    const args = [...limits, `-artifact_prefix=fuzz-${name}-`, ...inputs];
    const { status, output } = await run(program, name, args);
    const runs = Number(/^stat::number_of_executed_units:\s+(\d+)/m.exec(output)?.[1] ?? 0);
    if (status !== 0) return { name, runs, corpus, failure: whatFailed(output) };
    if (!keep || input !== undefined) return { name, runs, corpus };
    const merged = join(folder, 'merged');
    mkdirSync(merged);
    const merge = await run(program, name, ['-merge=1', `-max_len=${largest}`, merged, kept, found]);
    if (merge.status !== 0) return { name, runs, corpus, failure: whatFailed(merge.output) };
    return { name, runs, corpus: keepCorpus(name, merged) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} program
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function run(program, name, args) {
  const env = { ...process.env, VMSSH_FUZZ_TARGET: name };
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** What was thrown, or what the sanitizer says; and the file. @param {string} output */
function whatFailed(output) {
  const said = output
    .split('\n')
    .filter((line) => /^\w*Error: |^SUMMARY: |runtime error: |Test unit written/.test(line));
  return said.join('\n  ') || output.slice(-500);
}
