import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ended, saying } from '../helpers/expected.js';
import { run } from '../helpers/run.js';
import { missing } from './programs.js';
import { runs } from './runs.js';
import type { Needs } from './types.js';

const program = fileURLToPath(new URL('run.js', import.meta.url));
const start = (...args: readonly string[]) => run([process.execPath, program, ...args]);

it('--help lists every run with its script, which package.json has', async () => {
  const { code, stdout, stderr } = await start('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const { name, script, summary } of runs) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +${script} +`, 'm'));
    expect(stdout).toContain(summary);
    expect(scripts[script]).toBe(`node test/runs/run.js ${name}`);
  }
});

describe.each(runs)('$name', ({ name, names, options, builds, load }) => {
  it('--help says all that can be chosen', async () => {
    const { code, stdout, stderr } = await start(name, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const all = (await names?.all?.()) ?? [];
    const known = [...all, ...Object.keys(options).map((option) => `  --${option}`), '  --write'];
    expect(known.filter((each) => !stdout.includes(each))).toEqual([]);
    expect(stdout.includes('--no-build')).toBe(builds.length > 0);
  });

  it('a wrong option is refused before anything is built or run', async () => {
    const { code, stdout, stderr } = await start(name, '--bogus');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${name}: Unknown option '--bogus'[^]*\n\nUsage: npm run `));
  });

  it('its file can run it, and does nothing by being loaded', async () => {
    expect(await load()).toEqual(expect.objectContaining({ run: expect.any(Function) }));
  });
});

it('an unknown run is refused with those that there are', async () => {
  expect(await start('bensh')).toMatchObject(
    ended(2, '', `no run "bensh": one of ${runs.map(({ name }) => name).join(', ')}; see --help\n`),
  );
  expect(await start()).toMatchObject({ code: 2, stdout: expect.stringContaining('Usage: ') });
});

it('an unknown name is refused with those that there are', async () => {
  expect(await start('sanitize', 'addon-adress')).toMatchObject(
    saying(2, 'no build "addon-adress": one of addon-address, addon-thread, executable-address,'),
  );
});

it('an error of a run is printed, and is exit code 1', async () => {
  const { code, stdout, stderr } = await start('bench', '--no-build', '--from', 'no-such-file', '--json');
  const lacks = missing(runs.find(({ name }) => name === 'bench')?.needs ?? {});
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(
    lacks === undefined ? "bench: ENOENT: no such file or directory, open 'no-such-file'" : lacks,
  );
});

it.each<{ needs: Needs; want: string | undefined }>([
  { needs: {}, want: undefined },
  { needs: { programs: { sh: 'dash' } }, want: undefined },
  {
    needs: { programs: { sh: 'dash', 'no-such-a': 'a b', 'no-such-b': 'b' } },
    want: 'no-such-a, no-such-b not found: apt-get install a b',
  },
  {
    needs: { system: 'plan9-mips' },
    want: `needs plan9-mips, and this is ${process.platform}-${process.arch}`,
  },
])('$needs: $want', ({ needs, want }) => {
  expect(missing(needs)).toBe(want);
});
