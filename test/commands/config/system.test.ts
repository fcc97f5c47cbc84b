import { describe, expect, it } from 'vitest';
import { notForAll } from '../../../src/commands/config/install.js';

describe('a program for all users', () => {
  const ofRoot = { uid: 0, mode: 0o755 };
  it.each([
    ['nothing', {}, undefined],
    [
      "another program's file",
      { '/opt/vmssh/vmssh': { uid: 1000, mode: 0o755 } },
      '/opt/vmssh/vmssh belongs to user 1000, who could put another program there',
    ],
    [
      "another program's folder",
      { '/opt': { uid: 1000, mode: 0o755 } },
      '/opt belongs to user 1000, who could put another program there',
    ],
    [
      'a folder of a group',
      { '/opt/vmssh': { uid: 0, mode: 0o775 } },
      '/opt/vmssh can be changed by users other than root',
    ],
    ['a folder like /tmp', { '/opt': { uid: 0, mode: 0o1777 } }, undefined],
    ['a closed folder', { '/opt': { uid: 0, mode: 0o700 } }, '/opt cannot be used by other users'],
    [
      'a script that cannot be read',
      { '/opt/vmssh/vmssh': { uid: 0, mode: 0o711 } },
      '/opt/vmssh/vmssh cannot be used by other users',
    ],
  ])('is blocked by $0', async (_name, there, want) => {
    const look = async (path: string) => (there as Record<string, typeof ofRoot>)[path] ?? ofRoot;
    expect(await notForAll(['/usr/bin/node', '/opt/vmssh/vmssh'], look)).toBe(want);
  });
});
