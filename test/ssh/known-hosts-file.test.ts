import { chownSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownHostsFile } from '../../src/ssh/known-hosts-file.js';
import { missingRoot } from '../helpers/other-user.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('the file of host keys', () => {
  it("is in ssh's folder", () => {
    expect(knownHostsFile({ HOME: '/home/u' })).toBe('/home/u/.ssh/vmssh_known_hosts');
    expect(knownHostsFile({ HOME: dir })).toBe(join(dir, '.ssh/vmssh_known_hosts'));
  });

  it.skipIf(missingRoot('a HOME of another user'))("is root's own even with the HOME of another user", () => {
    mkdirSync(join(dir, 'theirs'));
    chownSync(join(dir, 'theirs'), 1234, 1234);
    const own = join(userInfo().homedir, '.ssh/vmssh_known_hosts');
    expect(knownHostsFile({ HOME: join(dir, 'theirs') })).toBe(own);
    expect(knownHostsFile({ HOME: join(dir, 'theirs') }, false)).toBe(
      join(dir, 'theirs/.ssh/vmssh_known_hosts'),
    );
  });
});
