import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { missingPrograms } from '../../helpers/programs.js';

/** Compiles a C file of `fixtures` for this test file and gives what came of it, or undefined after printing why there is none. */
export function compile(
  source: string,
  fixtures = new URL('../fixtures/', import.meta.url),
  flags: readonly string[] = [],
  compiler = 'cc',
): string | undefined {
  if (missingPrograms({ [compiler]: 'g++' })) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'hvsock-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const program = join(folder, basename(source, '.c'));
  const from = fileURLToPath(new URL(source, fixtures));
  const tried = spawnSync(compiler, ['-Wall', ...flags, '-o', program, from], { encoding: 'utf8' });
  if (tried.status === 0) return program;
  console.warn(`skipped: cannot compile ${source}\n${tried.stderr}: apt-get install g++`);
  return undefined;
}

/** The same as a program that is linked to musl by its loader; musl-dev has no wrapper of the compiler for that. */
export function compileForMusl(source: string): string | undefined {
  const folder = '/usr/lib/x86_64-linux-musl';
  const objects = ['crt1.o', 'crti.o', 'crtn.o'].map((name) => join(folder, name));
  return compile(source, undefined, [
    ...['-nostdinc', '-isystem', '/usr/include/x86_64-linux-musl', '-nostdlib', '-no-pie'],
    ...['-Wl,-dynamic-linker,/lib/ld-musl-x86_64.so.1', ...objects, `-L${folder}`, '-lc'],
  ]);
}
