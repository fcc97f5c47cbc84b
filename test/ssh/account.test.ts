import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ownAccount } from '../../src/ssh/account.js';

describe.skipIf(process.platform !== 'linux')('who calls', () => {
  it('is told by the password database', () => {
    const { username, homedir } = userInfo();
    expect(ownAccount()).toEqual({ name: username, home: homedir });
  });

  it('is somebody for each of its users, and nobody for others', () => {
    expect(ownAccount(0)).toEqual({ name: 'root', home: '/root' });
    expect(ownAccount(0xffff_fff0)).toBeUndefined();
  });
});
