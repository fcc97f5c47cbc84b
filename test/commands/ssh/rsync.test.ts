import { describe, expect, it } from 'vitest';
import { remoteShell, withoutShell } from '../../../src/commands/ssh/rsync.js';

describe("rsync's shell", () => {
  it.each([
    { args: ['-a', 'x', 'm:y'], shell: '', left: ['-a', 'x', 'm:y'] },
    { args: ['-e', 'ssh -p 22', 'x', 'm:y'], shell: ' -p 22', left: ['x', 'm:y'] },
    { args: ['-ae', 'ssh -p 22', 'm:y'], shell: ' -p 22', left: ['-a', 'm:y'] },
    { args: ['-avessh -v', 'm:y'], shell: ' -v', left: ['-av', 'm:y'] },
    { args: ['--rsh=/usr/bin/ssh -v', 'm:y'], shell: ' -v', left: ['m:y'] },
    { args: ['--rsh', 'ssh', 'm:y'], shell: '', left: ['m:y'] },
    { args: ['--exclude', 'x', '-Te', 'm:y'], shell: '', left: ['--exclude', 'x', '-Te', 'm:y'] },
    { args: ['--delete', 'm:y'], shell: '', left: ['--delete', 'm:y'] },
  ])('of $args', ({ args, shell, left }) => {
    expect(remoteShell(args, ['/opt/v'], 'vsock/3', {})).toBe(`'/opt/v' ssh '--typed=vsock/3'${shell}`);
    expect(withoutShell(args)).toEqual(left);
  });

  it('calls this program whatever its path is, waits, and takes the chosen routes', () => {
    expect(
      remoteShell([], ['/a b/node', "/it's"], "unix/it's", { waitSeconds: 60, routes: ['vsock', 'ip'] }),
    ).toBe("'/a b/node' '/it''s' ssh '--typed=unix/it''s' --wait=60 --route=vsock,ip");
  });

  it('can only be ssh', () => {
    expect(() => remoteShell(['-e', 'rsh'], ['v'], 'vsock/3', {})).toThrow(
      'has to be ssh and its options here, not "rsh"',
    );
  });
});
