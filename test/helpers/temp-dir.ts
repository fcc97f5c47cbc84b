import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished, vi } from 'vitest';

/** A temp folder for this test file, removed after its last test. Short: socket paths have to fit in it. */
export function useTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes files under a root, by their paths there; scripts can be run. */
export function writeTree(root: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue;
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
}

/** Writes a script of sh that can be run. A link there is replaced: what it leads to may be a program of this system. */
export function script(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** For one test, a home with a source of this name: a shell script, with what its line has besides. */
export function useSource(home: string, name: string, script: string, line: object = {}): void {
  writeTree(home, {
    source: `#!/bin/sh\n${script}\n`,
    '.config/vmssh/sources.json': JSON.stringify({
      version: 1,
      sources: { [name]: { command: [join(home, 'source')], ...line } },
    }),
  });
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_CONFIG_HOME', '');
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** All that is in a folder, with modes and content. */
export function treeOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const textAt = (path: string) => (lstatSync(path).isFile() ? readFileSync(path, 'latin1') : 'folder');
  return Object.fromEntries(
    names.map((name) => [name, `${lstatSync(join(folder, name)).mode} ${textAt(join(folder, name))}`]),
  );
}
