import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Compiles the C part, static: it also starts programs in another root.
 * @param {string} folder
 */
export function compileHarness(folder) {
  const sources = readdirSync(join(here, 'harness')).filter((name) => name.endsWith('.c'));
  const paths = sources.map((name) => join(here, 'harness', name));
  compile([...paths, '-D_GNU_SOURCE', '-pthread'], join(folder, 'harness'));
  compile([join(here, 'programs/true.c')], join(folder, 'true'));
  return { harness: join(folder, 'harness'), bareC: join(folder, 'true') };
}

/** @param {string[]} args @param {string} output */
function compile(args, output) {
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-o', output];
  const { status, stderr, error } = spawnSync('cc', [...flags, ...args], { encoding: 'utf8' });
  if (error) throw new Error(`no C compiler (${error.message}): apt-get install gcc libc6-dev`);
  if (status !== 0) throw new Error(`cc failed:\n${stderr}`);
}

/**
 * Runs the harness once and gives what it measured. Throws with what it and the program wrote to stderr.
 * @param {string} harness
 * @param {import('./types.d.ts').Job} job
 * @param {(answer: any, child: import('node:child_process').ChildProcess) => unknown} [held] called with its answer while it goes on
 * @returns {Promise<any>}
 */
export async function runHarness(harness, job, held) {
  const { mode, command, ...options } = job;
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const child = spawn(harness, [mode, ...flags, '--', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(),
  });
  const texts = { stdout: '', stderr: '' };
  /** @type {unknown} */
  let result;
  child.stdout.setEncoding('utf8').on('data', async (text) => {
    texts.stdout += text;
    if (!held || !texts.stdout.endsWith('\n')) return;
    result = await held(JSON.parse(texts.stdout), child);
    child.stdin.end();
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    texts.stderr += text;
  });
  if (!held) child.stdin.end();
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`${mode} ${command.join(' ')}: ${texts.stderr.trim() || `exit code ${code}`}`);
  return held ? result : JSON.parse(texts.stdout);
}

/** What ssh hands on, and nothing that would change how a runtime starts. */
function environment() {
  const { PATH, HOME, USER, LANG } = process.env;
  return { PATH, HOME, USER, LANG, SHELL: '/bin/sh' };
}

/**
 * An executable of Bun's that does nothing, made as ours is.
 * @param {string} bun
 * @param {string} folder
 */
export function compileBareBun(bun, folder) {
  const output = join(folder, 'bare-bun');
  const flags = ['--compile', '--bytecode', '--format=esm', '--minify', '--compile-jit-policy=8'];
  const quiet = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  const args = ['build', ...flags, ...quiet, join(here, 'programs/empty.cjs'), '--outfile', output];
  const { status, stderr } = spawnSync(bun, args, { encoding: 'utf8', cwd: folder });
  if (status !== 0) throw new Error(`bun build failed: ${stderr}`);
  return output;
}
