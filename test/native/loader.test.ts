import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { candidates, load } from 'node-hvsock-native';
import { expect, it } from 'vitest';
import { describeAddon } from './support/addon.js';
import { temporaryFolder } from './support/peer.js';

type Loader = typeof import('node-hvsock-native');
const packageUrl = new URL('../../native/', import.meta.url);
const place = join('prebuilds', `${process.platform}-${process.arch}`, 'node-hvsock-native.node');

describeAddon('load', () => {
  it('looks only beside the package', () => {
    expect(candidates()).toEqual([fileURLToPath(new URL(place, packageUrl))]);
  });

  it('looks only in the given folder', () => {
    expect(candidates('/opt/vmssh')).toEqual(['/opt/vmssh/node-hvsock-native.node']);
  });

  it('gives the same addon again', () => {
    expect(load()).toBe(load());
  });
});

it.each([
  { name: 'a missing file', content: undefined, reason: /No such file or directory/ },
  { name: 'a file that is none', content: 'text', reason: /file too short|invalid ELF header/ },
])('load names every path and what was wrong: $name', async ({ content, reason }) => {
  const folder = temporaryFolder();
  const path = join(folder, place);
  mkdirSync(join(path, '..'), { recursive: true });
  copyFileSync(new URL('index.cjs', packageUrl), join(folder, 'index.cjs'));
  if (content !== undefined) writeFileSync(path, content);
  const loader = (await import(pathToFileURL(join(folder, 'index.cjs')).href)) as Loader;
  expect(loader.load).toThrow(
    expect.objectContaining({
      code: 'NO_ADDON',
      tried: [{ path, reason: expect.stringMatching(reason) }],
      message: expect.stringContaining(`${path}: `),
    }),
  );
});

it.each([
  ['musl', {}, /which needs glibc: this Node has another C library, such as Alpine's musl/],
  ['glibc', { glibcVersionRuntime: '2.36' }, /^cannot load \S+; tried:/],
])('load in a Node that is linked to $0', (_libc, header, says) => {
  const folder = temporaryFolder();
  copyFileSync(new URL('index.cjs', packageUrl), join(folder, 'index.cjs'));
  const loader = createRequire(import.meta.url)(join(folder, 'index.cjs')) as Loader;
  const report = { getReport: () => ({ header }) };
  expect(() => loader.load(undefined, report)).toThrow(
    expect.objectContaining({ code: 'NO_ADDON', message: expect.stringMatching(says) }),
  );
});
