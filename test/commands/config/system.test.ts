import { describe, expect, it } from 'vitest';
import { notForAll } from '../../../src/commands/config/install.js';

describe('a program for all users', () => {
  const ofRoot = { uid: 0, mode: 0o755 };
  it.each([
    { name: 'nothing', there: {}, want: undefined },
    {
      name: "another program's file",
      there: { '/opt/vmssh/vmssh': { uid: 1000, mode: 0o755 } },
      want: '/opt/vmssh/vmssh belongs to user 1000, who could put another program there',
    },
    {
      name: "another program's folder",
      there: { '/opt': { uid: 1000, mode: 0o755 } },
      want: '/opt belongs to user 1000, who could put another program there',
    },
    {
      name: 'a folder of a group',
      there: { '/opt/vmssh': { uid: 0, mode: 0o775 } },
      want: '/opt/vmssh can be changed by users other than root',
    },
    { name: 'a folder like /tmp', there: { '/opt': { uid: 0, mode: 0o1777 } }, want: undefined },
    {
      name: 'a closed folder',
      there: { '/opt': { uid: 0, mode: 0o700 } },
      want: '/opt cannot be used by other users',
    },
    {
      name: 'a script that cannot be read',
      there: { '/opt/vmssh/vmssh': { uid: 0, mode: 0o711 } },
      want: '/opt/vmssh/vmssh cannot be used by other users',
    },
  ])('is blocked by $name', async ({ there, want }) => {
    const look = async (path: string) => (there as Record<string, typeof ofRoot>)[path] ?? ofRoot;
    expect(await notForAll(['/usr/bin/node', '/opt/vmssh/vmssh'], look)).toBe(want);
  });
});
