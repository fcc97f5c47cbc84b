import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect } from 'vitest';
import { shell } from '../../helpers/shells.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

/** The root of the guest's files in the test that runs. */
export let root = '';
let count = 0;

/** Gives each test of this file a root of its own. */
export function useRoot(): void {
  const dir = useTempDir();
  beforeEach(() => {
    root = join(dir, `root${++count}`);
    mkdirSync(root);
  });
}

/** Writes files under the root. */
export function given(files: Readonly<Record<string, string | undefined>>): void {
  writeTree(root, files);
}

/** What a script prints there; it has to print nothing on stderr. The root's programs come first in PATH. */
export function runThere(command: readonly string[], script: string): string {
  const all = `set -u\nR="$1"\nPATH="$1/bin:$PATH"\n${script}`;
  const { stdout, stderr } = shell(command, all, { args: [root] });
  expect(stderr).toBe('');
  return stdout;
}

/** A machine with an sshd and one account, root, whose home is /home. */
export function givenAccount(files: Readonly<Record<string, string>> = {}): void {
  const settings = ['authorizedkeysfile .ssh/authorized_keys', 'pubkeyauthentication yes'];
  given({
    'usr/sbin/sshd': `#!/bin/sh\nprintf '%s\\n' '${settings.join("' '")}' 'permitrootlogin yes'\n`,
    'bin/sh': '#!/bin/sh\n',
    'fakes/id': '#!/bin/sh\necho 0\n',
    'fakes/getent': '#!/bin/sh\necho root:x:0:0::/home:/bin/sh\n',
    ...files,
  });
  for (const folder of ['etc/ssh', 'run']) mkdirSync(join(root, folder), { recursive: true });
}

/** A script as it comes into that machine, and its environment. */
export function intoRoot(script: string) {
  const env = { PATH: `${join(root, 'fakes')}:${process.env.PATH}` };
  return { input: script.replace("\nR=''\n", `\nR='${root}'\n`), env };
}

/** A whole script but for its last line, which runs it. */
export function functionsOf(script: string): string {
  return script.slice(0, script.trimEnd().lastIndexOf('\n')).replace("\nR=''\n", '\nR="$1"\n');
}
