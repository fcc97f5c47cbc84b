import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pinKey, pinsIn } from '../../src/keys/pins.js';
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
/** As `ssh-keygen -H` makes it of vmssh-1. */
const hashed = '|1|MsWfloxmCvGALgNVQL5BtPwqZCQ=|WTwAtOF4u8EnMvaN2HHHOkPAp18=';

describe('a pinned key', () => {
  it('is a line of known_hosts, with the names in its comment', async () => {
    const path = file('# mine');
    const noted = { ...pin, comment: '2026-11-27 manager' };
    expect(await pinKey(path, noted)).toBe('pinned');
    const line = 'vmssh-1 ssh-ed25519 AAAA 2026-11-27 manager machine%web host%größe';
    expect(readFileSync(path, 'utf8')).toBe(`# mine\n${line}\n`);
    expect(pinsIn(readFileSync(path))).toEqual([noted]);
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

  it.each(['vmssh-1', hashed])('is lost if another login was first with another key: %s', async (hosts) => {
    const text = `${hosts} ssh-ed25519 BBBB\n`;
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

  it('is the only line of a file that was empty or not there', async () => {
    const line = 'vmssh-1 ssh-ed25519 AAAA machine%web host%größe\n';
    for (const path of [file(''), join(dir, 'absent')]) {
      expect(await pinKey(path, pin)).toBe('pinned');
      expect(readFileSync(path, 'utf8')).toBe(line);
    }
  });

  it('leaves all other lines byte for byte as they are', async () => {
    const others =
      '# größe\n\n vmssh-2\tssh-ed25519  BBBB  me@x machine%db\r\nweb ssh-rsa CCCC\n@revoked * ssh-rsa D\n';
    const path = file(others);
    expect(await pinKey(path, pin)).toBe('pinned');
    const line = 'vmssh-1 ssh-ed25519 AAAA machine%web host%größe\n';
    expect(readFileSync(path, 'utf8')).toBe(others + line);
    await pinKey(path, { ...pin, names: ['host%web'] }, ['machine%none']);
    expect(readFileSync(path, 'utf8')).toBe(`${others}${line.slice(0, -1)} host%web\n`);
  });

  it('gets names between other lines, and in a last line without an end', async () => {
    const names = { ...pin, names: ['machine%web'] };
    for (const [before, after] of [
      ['\n# other\n', '\n# other\n'],
      ['', ''],
    ]) {
      const path = file(`# first\nvmssh-1 ssh-ed25519 AAAA${before}`);
      await pinKey(path, names);
      expect(readFileSync(path, 'utf8')).toBe(`# first\nvmssh-1 ssh-ed25519 AAAA machine%web${after}`);
    }
  });

  it('keeps 64 names, and loses the oldest', async () => {
    const old = Array.from({ length: 64 }, (_, at) => `host%${at}`);
    const path = file(`vmssh-1 ssh-ed25519 AAAA ${old.join(' ')}\n`);
    await pinKey(path, { ...pin, names: ['host%new'] });
    expect(pinsIn(readFileSync(path))[0]?.names).toEqual([...old.slice(1), 'host%new']);
  });

  it('is in no marked line, and has no names that a comment only contains', () => {
    const lines = `@revoked vmssh-1 ${type} AAAA machine%web\n@cert-authority vmssh-1 ${type} AAAA\n`;
    expect(pinsIn(Buffer.from(lines))).toEqual([]);
    expect(pinsIn(Buffer.from(`vmssh-1 ${type} AAAA me@machine%web Machine%web %web host%\n`))).toEqual([
      { ...pin, names: [], comment: 'me@machine%web Machine%web %web host%' },
    ]);
  });

  it('has the known name of which its line has the hash', () => {
    const line = Buffer.from(`${hashed} ${type} AAAA machine%web host%größe\n`);
    expect(pinsIn(line, ['vmssh-2', undefined, 'vmssh-1'])).toEqual([pin]);
    expect(pinsIn(line, ['vmssh-2'])).toEqual([{ ...pin, alias: hashed }]);
  });

  it('is not there because it is revoked', async () => {
    const path = file(`@revoked vmssh-1 ${type} BBBB\n`);
    expect(await pinKey(path, pin)).toBe('pinned');
    expect(pinsIn(readFileSync(path))).toEqual([pin]);
  });

  it('of many first logins at once is one', async () => {
    const path = file('');
    const keys = Array.from({ length: 12 }, (_, at) => `AAA${String.fromCharCode(65 + at)}`);
    const results = await Promise.all(keys.map((key) => pinKey(path, { ...pin, key })));
    expect(results.filter((each) => each === 'pinned')).toHaveLength(1);
    expect(pinsIn(readFileSync(path))).toHaveLength(1);
  });
});
