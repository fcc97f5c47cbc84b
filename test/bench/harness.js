/** @import { Answers, Job } from './types.js' */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithRun } from '../runs/children.js';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Compiles the C part: the harness static, as it also starts programs in another root.
 * @param {string} folder
 */
export function compileHarness(folder) {
  const sources = readdirSync(join(here, 'harness')).filter((name) => name.endsWith('.c'));
  const paths = sources.map((name) => join(here, 'harness', name));
  compile([...paths, '-D_GNU_SOURCE', '-pthread', '-static'], join(folder, 'harness'));
  compile([join(here, 'programs/connect.c'), '-D_GNU_SOURCE'], join(folder, 'connect'));
  return { harness: join(folder, 'harness'), connectC: join(folder, 'connect') };
}

/** @param {string[]} args @param {string} output */
function compile(args, output) {
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', output];
  const { status, stderr, error } = spawnSync('cc', [...flags, ...args], { encoding: 'utf8' });
  if (error) throw new Error(`no C compiler (${error.message}): apt-get install gcc libc6-dev`);
  if (status !== 0) throw new Error(`cc failed:\n${stderr}`);
}

/**
 * Runs the harness once and gives what it measured. Throws with what it and the program wrote to stderr.
 * @template {keyof Answers} M
 * @param {string} harness
 * @param {Job<M>} job
 * @returns {Promise<Answers[M]>}
 */
export async function runHarness(harness, job) {
  const { child, ended } = startHarness(harness, job);
  child.stdin.end();
  return JSON.parse(await ended);
}

/**
 * Starts it; `ended` is what it printed, and `texts` has what it and the programs wrote to stderr.
 * @param {string} harness
 * @param {Job} job
 */
export function startHarness(harness, job) {
  const { mode, command, env = {}, ...options } = job;
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const child = endWithRun(
    spawn(harness, [mode, ...flags, '--', ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment(), ...env },
    }),
  );
  const texts = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text;
    });
  }
  /** @type {Promise<string>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      const why = texts.stderr.trim() || `exit code ${code}`;
      if (code === 0) resolve(texts.stdout);
      else reject(new Error(`${mode} ${command.join(' ')}: ${why}`));
    });
  });
  return { child, ended, texts };
}

/** What ssh passes on, without anything that would change how a runtime starts. */
function environment() {
  const { PATH, HOME, USER, LANG } = process.env;
  return { PATH, HOME, USER, LANG, SHELL: '/bin/sh' };
}
