import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { candidates } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { dist } from '../helpers/run.js';

const readelf = spawnSync('readelf', ['--version']).status === 0;
if (!readelf)
  console.warn('skipped: no readelf here to look into what was built\nremedy: apt-get install binutils');

const artefacts = [
  { name: 'the executable', path: dist('linux-x64/vmssh') },
  { name: 'the addon', path: candidates()[0] ?? '' },
];
const missing = artefacts.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
if (missing.length > 0)
  console.warn(
    `skipped: ${missing.join(' and ')} not built\nremedy: apt-get install g++ musl-dev && npm run build`,
  );

describe.each(artefacts)('$name', ({ name, path }) => {
  const shown = (flags: string) => spawnSync('readelf', ['-W', flags, path], { encoding: 'utf8' }).stdout;
  const isHere = readelf && existsSync(path);

  it.skipIf(!isHere)('is placed at random addresses, also its code', () => {
    expect(shown('-h')).toMatch(/Type:\s+DYN/);
    if (name === 'the executable') expect(shown('-d')).toMatch(/FLAGS_1\).*\bPIE\b/);
  });

  it.skipIf(!isHere)('has no memory that can be both written and executed, the stack included', () => {
    const segments = [...shown('-l').matchAll(/^ +(LOAD|GNU_STACK) .* ([RWE ]{3}) 0x\w+$/gm)];
    expect(segments.map(([, kind]) => kind)).toEqual(expect.arrayContaining(['LOAD', 'GNU_STACK']));
    expect(segments.filter(([, , rights = '']) => rights.includes('W') && rights.includes('E'))).toEqual([]);
  });

  it.skipIf(!isHere)('cannot be changed where it was linked, once it runs', () => {
    expect(shown('-l')).toMatch(/^ +GNU_RELRO /m);
    expect(shown('-d')).toMatch(/BIND_NOW|Flags:.*\bNOW\b/);
  });

  it.skipIf(!isHere)('notices an overflow on the stack', () => {
    // "sub %fs:0x28, REGISTER" at the end of a function is 64 48 2b .. 25 28 00 00 00: symbols are stripped.
    const parts = readFileSync(path, 'latin1').split('dH+');
    const checks = parts.filter((after) => after.startsWith('%(\0\0\0', 1));
    // Those of libstdc++ and libc alone are 70.
    expect(checks.length).toBeGreaterThan(name === 'the addon' ? 50 : 500);
  });

  it.skipIf(!isHere)('has no path to look for libraries', () =>
    expect(shown('-d')).not.toMatch(/R(UN)?PATH/),
  );
});
