import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Guid } from '../../../src/address/guid.js';
import { fileCache } from '../../../src/discovery/hyper-v/cache.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;
const win = '00112233-4455-6677-8899-aabbccddeeff' as Guid;

describe('the cache of names', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmssh-cache-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (now = 0) => fileCache({ LOCALAPPDATA: folder }, () => 1e12 + now);
  const path = () => join(folder, 'vmssh/hyper-v.json');

  it('keeps names in any case, for ten minutes, in a file that is complete or absent', () => {
    open().keep([{ name: 'Mint', id: mint }]);
    expect(open(599_000).find('MINT')).toBe(mint);
    expect(open(601_000).find('mint')).toBeUndefined();
    expect(open(-1).find('mint')).toBeUndefined();
    expect(readdirSync(join(folder, 'vmssh'))).toEqual(['hyper-v.json']);
  });

  it('keeps no name that two machines have', () => {
    open().keep([
      { name: 'a', id: mint },
      { name: 'A', id: win },
      { name: 'b', id: win },
    ]);
    expect([open().find('a'), open().find('b')]).toEqual([undefined, win]);
  });

  it('follows no link in the place of its temporary file', () => {
    mkdirSync(join(folder, 'vmssh'));
    writeFileSync(join(folder, 'other'), 'theirs');
    symlinkSync('../other', `${path()}.${process.pid}`);
    open().keep([{ name: 'a', id: mint }]);
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('theirs');
    open().keep([{ name: 'a', id: mint }]);
    expect(open().find('a')).toBe(mint);
  });

  it('forgets', () => {
    open().keep([{ name: 'a', id: mint }]);
    open().drop();
    open().drop();
    expect(open().find('a')).toBeUndefined();
  });

  it.each(['', '{', 'null', '[]', '{"version":2}', '{"version":1,"at":1e12,"ids":{"a":"x","b":3}}'])(
    'is empty if its file holds %j',
    (text) => {
      open().keep([{ name: 'a', id: mint }]);
      writeFileSync(path(), text);
      expect(open().find('a')).toBeUndefined();
    },
  );

  it('is empty if its file is cut off at any length', () => {
    open().keep([{ name: 'a', id: mint }]);
    const whole = readFileSync(path());
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path(), whole.subarray(0, length));
      expect(open().find('a')).toBeUndefined();
    }
  });

  it('is empty if its folder cannot be made', () => {
    const cache = fileCache({ LOCALAPPDATA: '/dev/null/x' });
    cache.keep([{ name: 'a', id: mint }]);
    cache.drop();
    expect(cache.find('a')).toBeUndefined();
  });
});
