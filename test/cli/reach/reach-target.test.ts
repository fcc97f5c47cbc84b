import { describe, expect, it } from 'vitest';
import { socketWarning } from '../../../src/cli/reach/reach-target.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import type { Endpoint } from '../../../src/typed/route.js';
import { fakeIo } from '../../helpers/fake-io.js';

/** What is said when `text` leads to a socket of `owner`, three times. */
async function warned(text: string, owner: number | undefined) {
  const io = fakeIo();
  const warn = socketWarning(io, 1000, () => owner);
  const endpoint: Endpoint = text.startsWith('vsock/')
    ? { family: 'vsock', cid: 3, port: 22 }
    : { family: 'unix', path: '/run/\u001b[2Jx' };
  for (let i = 0; i < 3; i++) await warn(parseTarget(text), endpoint, undefined);
  return io.stderr.join('');
}

describe('the owner of a socket', () => {
  it.each([
    { name: 'this user', text: 'unix/x', owner: 1000 },
    { name: 'root', text: 'vsock-mux/x', owner: 0 },
    { name: 'a user of the system', text: 'unix/x', owner: 107 },
    { name: 'unknown', text: 'unix/x', owner: undefined },
    { name: 'another user, by the name of a machine', text: 'container/x', owner: 1001 },
    { name: 'nobody, at a CID', text: 'vsock/3', owner: 1001 },
  ])('causes no warning: $name', async ({ text, owner }) => {
    expect(await warned(text, owner)).toBe('');
  });

  it.each(['unix/x', 'vsock-mux/x', 'unix:/x', 'unix%x'])('for %s is printed once', async (text) => {
    expect(await warned(text, 1001)).toBe(
      'vmssh: warning: /run/\\x1b[2Jx belongs to user 1001, who can answer in place of the machine\n',
    );
  });

  it('is nothing on Windows', async () => {
    const io = fakeIo({ platform: 'win32' });
    const warn = socketWarning(io, undefined, () => 1001);
    await warn(parseTarget('unix/x'), { family: 'unix', path: 'C:/x' }, undefined);
    expect(io.stderr).toEqual([]);
  });
});
