import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import script from '../../../src/connect/exec/sshd.sh';
import { askSshd, readWhy } from '../../../src/connect/exec/why-not.js';
import { missingPrograms } from '../../helpers/programs.js';
import { execOf } from './container.js';

const missing = missingPrograms({ shellcheck: 'shellcheck' });

it.skipIf(missing)(`shellcheck finds nothing in sshd.sh${missing ? `: ${missing}` : ''}`, () => {
  const { stdout, status } = spawnSync('shellcheck', ['--shell=sh', '--format=gcc', '-'], {
    input: script,
    encoding: 'utf8',
  });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});

describe('the words for a machine', () => {
  it('end with the script, without its comments', () => {
    const endpoint = execOf('podman', 'web');
    const words = askSshd(endpoint, 'why');
    expect(words.slice(0, -5)).toEqual(endpoint.command);
    expect(words.slice(-5)).toEqual(['/bin/sh', '-c', expect.any(String), 'sh', 'why']);
    expect(words.at(-3)).not.toMatch(/^ *#/m);
    expect(words.at(-3)).toContain('"$sshd" -i');
  });

  it('leave no variable to systemd', () => {
    const [serve] = askSshd(execOf('nspawn', 'web'), 'serve').slice(-3);
    expect(serve?.replaceAll('$$', '')).not.toContain('$');
    expect(serve?.replaceAll('$$', '$')).toBe(askSshd(execOf('podman', 'web'), 'serve').at(-3));
  });
});

describe('what the script shows', () => {
  it.each(['sh: 1: Cannot fork\n', "sh: can't fork: Resource temporarily unavailable\n"])(
    'is a limit of processes if its shell says %j',
    (stderr) => {
      const end = { stdout: 'sshd=/usr/sbin/sshd\n', stderr, code: 2 };
      expect(readWhy(end, execOf('podman', 'web'))).toMatchObject({
        code: 'EXEC_NO_PROCESS',
        more: expect.stringContaining('fork'),
      });
    },
  );
});
