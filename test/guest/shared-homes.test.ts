import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { homesHere, isHomeHere } from '../../src/guest/shared-homes.js';
import type { Account } from '../../src/ssh/folder.js';
import { missingRoot } from '../helpers/other-user.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const home = (name: string, shell = '/bin/sh', uid = 4242): Account => {
  mkdirSync(join(dir, name, '.ssh'), { recursive: true });
  writeFileSync(join(dir, name, '.ssh/authorized_keys'), '');
  return { name, uid, shell, home: join(dir, name) };
};
const mark = (path: string) => {
  const { dev, ino } = statSync(join(dir, path));
  return `${dev}.${ino}`;
};

it('has the home of each account that can log in here, and of those named', () => {
  const [listed, daemon, named] = [home('listed'), home('daemon', '/usr/sbin/nologin'), home('named')];
  const asked: (readonly string[])[] = [];
  const accounts = (names: readonly string[] = []) => {
    asked.push(names);
    return names.length === 0 ? [listed, daemon] : [named].filter(({ name }) => names.includes(name));
  };
  const homes = homesHere(false, ['named', undefined, '-x'], 'linux', accounts);
  for (const path of ['listed', 'listed/.ssh', 'listed/.ssh/authorized_keys', 'named'])
    expect(homes).toContain(mark(path));
  expect(homes).not.toContain(mark('daemon'));
  expect(asked[1]).toEqual(['named']);
});

it.skipIf(missingRoot('a home of another owner'))(
  'has a home beside one, though nothing lists its owner',
  () => {
    const [listed, owner] = [home('one'), home('other', '/bin/bash', 424_242)];
    chownSync(owner.home, 424_242, 0);
    const accounts = (names: readonly string[] = []) =>
      names.length === 0 ? [listed] : [owner].filter(({ uid }) => names.includes(String(uid)));
    expect(homesHere(false, [], 'linux', accounts)).toContain(mark('other'));
  },
);

it('knows a folder that a machine names by its owner, though nothing lists him', () => {
  const kim = home('kim');
  const asked: (readonly string[])[] = [];
  const accounts = (names: readonly string[] = []) => {
    asked.push(names);
    return names.includes('4242') ? [kim] : [];
  };
  expect(isHomeHere([`1.1 0`, `${mark('kim/.ssh')} 0 4242`], accounts)).toBe(true);
  expect(isHomeHere([`${mark('kim')} 0 4243`], accounts)).toBe(false);
  home('not-his');
  expect(isHomeHere([`${mark('not-his')} 4242`], accounts)).toBe(false);
  expect(isHomeHere([mark('kim')], accounts)).toBe(false);
  // Of a hostile machine: without a name all accounts are asked for.
  expect(isHomeHere([`${mark('kim')} -x kim`], accounts)).toBe(false);
  expect(asked).toEqual([['0', '4242'], ['0', '4243'], ['4242']]);
});

it('has none if sharing is meant, and none on Windows', () => {
  expect(homesHere(true, [], 'linux')).toEqual([]);
  expect(homesHere(false, [], 'win32')).toEqual([]);
});
