import { describe, expect, it } from 'vitest';
import { ownSocket } from '../../../src/discovery/processes/socket-owner.js';

describe('a socket that a process was given', () => {
  const find = async (path: string) => `/there${path}`;
  const from = (owner: number | undefined, uid: number) => {
    const look = async (path: string) => {
      expect(path).toBe('/there/run/v.sock');
      if (owner === undefined) throw new Error('absent');
      return { uid: owner };
    };
    return ownSocket(find, { uid }, look, 1000)('/run/v.sock');
  };

  it.each([
    { name: "its user's", owner: 107, uid: 107 },
    { name: "root's", owner: 0, uid: 107 },
    { name: 'ours', owner: 1000, uid: 0 },
    { name: 'none yet', owner: undefined, uid: 0 },
  ])('may be $name', async ({ owner, uid }) => {
    expect(await from(owner, uid)).toBe('/there/run/v.sock');
  });

  it("is refused if it is another user's", async () => {
    await expect(from(1001, 0)).rejects.toMatchObject({
      name: 'DiscoveryError',
      code: 'FOREIGN',
      message: 'the socket /there/run/v.sock belongs to user 1001, and its process to user 0',
    });
  });
});
