import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pinKey, pinsIn } from '../../src/identity/pins.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
let count = 0;
const file = (text: string) => {
  const folder = join(dir, String(count++));
  mkdirSync(folder);
  const path = join(folder, 'known');
  writeFileSync(path, text);
  return path;
};
const type = 'ssh-ed25519';
const pin = { alias: 'vmssh-1', type, key: 'AAAA', names: ['machine%web', 'host%größe'] };

describe('a pinned key', () => {
  it('is a line of known_hosts, with the names in its comment', async () => {
    const path = file('# mine');
    expect(await pinKey(path, pin)).toBe('pinned');
    expect(readFileSync(path, 'utf8')).toBe('# mine\nvmssh-1 ssh-ed25519 AAAA machine%web host%größe\n');
    expect(pinsIn(readFileSync(path))).toEqual([pin]);
  });

  it('is found again with a letter of which a byte is a blank in Latin-1', async () => {
    const path = file('');
    const odd = { ...pin, alias: 'vmssh-lima%là', names: ['machine%là', 'host%là'] };
    expect(await pinKey(path, odd)).toBe('pinned');
    expect(pinsIn(readFileSync(path))).toEqual([odd]);
    expect(await pinKey(path, { ...odd, key: 'BBBB' })).toBe('lost');
  });

  it('gets more names, and keeps a comment', async () => {
    const path = file('vmssh-1 ssh-ed25519 AAAA me@here machine%web\n');
    await pinKey(path, pin);
    expect(readFileSync(path, 'utf8')).toBe('vmssh-1 ssh-ed25519 AAAA me@here machine%web host%größe\n');
  });

  it('is lost if another login was first with another key', async () => {
    const text = 'vmssh-1 ssh-ed25519 BBBB\n';
    const path = file(text);
    expect(await pinKey(path, pin)).toBe('lost');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('takes the names that moved from the machine that had them', async () => {
    const path = file(
      'vmssh-2 ssh-ed25519 BBBB machine%web machine%db\n@revoked vmssh-2 ssh-ed25519 C machine%web\n',
    );
    await pinKey(path, pin, ['machine%web']);
    const [other] = pinsIn(readFileSync(path));
    expect(other?.names).toEqual(['machine%db']);
    expect(readFileSync(path, 'utf8')).toContain('@revoked vmssh-2 ssh-ed25519 C machine%web\n');
  });

  it('of many first logins at once is one', async () => {
    const path = file('');
    const keys = Array.from({ length: 12 }, (_, at) => `AAA${String.fromCharCode(65 + at)}`);
    const results = await Promise.all(keys.map((key) => pinKey(path, { ...pin, key })));
    expect(results.filter((each) => each === 'pinned')).toHaveLength(1);
    expect(pinsIn(readFileSync(path))).toHaveLength(1);
  });
});
