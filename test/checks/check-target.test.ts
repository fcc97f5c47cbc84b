import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkOverInterop } from '../../src/checks/check-target.js';
import { check } from '../../src/commands/check/check.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

/** Not for the Windows build: it always prints JSON, --via is a part of the target, and the login is tried from here. */
const here = ['json', 'via', 'over', 'ssh-config'];

it.skipIf(process.platform === 'win32')(
  'each option of check is passed on to the Windows build',
  async () => {
    const program = join(dir, 'vmssh.exe');
    const answer = JSON.stringify({ results: [{ stages: [{ stage: 'parsed', ms: 1, found: 'FOUND' }] }] });
    const script = `#!/bin/sh\ncat <<'END' | sed "s|FOUND|$*|"\n${answer}\nEND\n`;
    writeFileSync(program, script);
    chmodSync(program, 0o755);
    const to = { text: 'hyper-v/mint', port: 2222, user: 'ann' };
    const options = {
      ...{ timeoutMs: 1500, isTimed: true, waitMs: 3000, start: true, verbose: true },
      routes: ['hyper-v', 'ip'] as const,
    };
    const { signal } = new AbortController();
    const { stages } = await checkOverInterop(program, to, options, process.env, signal);
    const passed = stages[0]?.found ?? '';
    expect(passed).toBe(
      'check --json --until=authentication --port=2222 --user=ann --timeout=1.5 --wait=3 --route=hyper-v,ip --start --verbose -- hyper-v/mint',
    );
    const left = check.options
      .filter(({ long, short }) => !new RegExp(`--${long}\\b| -${short ?? '-'} `).test(passed))
      .map(({ long }) => long);
    expect(left.filter((long) => !here.includes(long))).toEqual([]);
  },
);
