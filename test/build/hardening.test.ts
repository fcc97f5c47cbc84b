import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeFlags } from '../../native/build-flags.js';
import { lacks } from '../helpers/programs.js';
import { dist } from '../helpers/run.js';

const noReadelf = lacks('readelf');

// Those for arm64 where npm run build:exe -- --target linux-arm64 has made them, which CI leaves out.
const artefacts = (['linux-x64', 'linux-arm64'] as const)
  .flatMap((target) => [
    { target, name: 'the executable', path: dist(`${target}/vmssh`) },
    { target, name: 'the addon', path: dist(`../native/prebuilds/${target}/node-hvsock-native.node`) },
  ])
  .filter(({ target, path }) => target === 'linux-x64' || existsSync(path));
const missing = artefacts.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
if (missing.length > 0)
  console.warn(
    `skipped: ${missing.join(' and ')} not built\nremedy: apt-get install g++ musl-dev && npm run build`,
  );
const security = readFileSync('docs/reference/security.md', 'utf8');

describe.each(artefacts)('$name for $target', ({ name, path, target }) => {
  const shown = (flags: string) => spawnSync('readelf', ['-W', flags, path], { encoding: 'utf8' }).stdout;
  const isHere = !noReadelf && existsSync(path);

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

  // The code of arm64 has no sequence for it that no other has.
  if (target === 'linux-x64')
    it.skipIf(!isHere)('notices an overflow on the stack', () => {
      // "sub %fs:0x28, REGISTER" at the end of a function is 64 48 2b .. 25 28 00 00 00: symbols are stripped.
      const parts = readFileSync(path, 'latin1').split('dH+');
      const checks = parts.filter((after) => after.startsWith('%(\0\0\0', 1));
      // Those of libstdc++ and libc alone are 70.
      expect(checks.length).toBeGreaterThan(name === 'the addon' ? 50 : 500);
    });

  if (name === 'the addon')
    it.skipIf(!isHere)('asks libc what to do about an overflow', () =>
      expect(shown('--dyn-syms')).toMatch(/UND __stack_chk_fail@GLIBC/),
    );

  it.skipIf(!isHere)(
    'is compiled to check sizes (FORTIFY), and marks where may be jumped to (CET), or it is said why not',
    () => {
      expect(codeFlags(undefined, target)).toContain('-D_FORTIFY_SOURCE=2');
      if (target === 'linux-arm64')
        expect(codeFlags(undefined, target)).toContain('-mbranch-protection=standard');
      const hasChecks = /UND __(?!stack)\w+_chk@GLIBC/.test(shown('--dyn-syms'));
      if (!hasChecks) expect(security).toMatch(/\bno FORTIFY\b/i);
      const hasMarks = /x86 feature:.*(IBT|SHSTK)/.test(shown('-n'));
      if (!hasMarks) expect(security).toMatch(/\bno CET\b/i);
    },
  );

  it.skipIf(!isHere)('has no path to look for libraries', () =>
    expect(shown('-d')).not.toMatch(/R(UN)?PATH/),
  );
});
