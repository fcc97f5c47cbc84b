import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { candidates } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { describeAddon } from './support/addon.js';
import { temporaryFolder } from './support/peer.js';

const builder = fileURLToPath(new URL('../../native/build.js', import.meta.url));
const noObjdump = lacks('objdump');

describeAddon('the addon', () => {
  const symbols = () =>
    spawnSync('objdump', ['-T', candidates()[0] ?? ''], { encoding: 'utf8' }).stdout.split('\n');

  // Debian 10 and RHEL 8 have 2.28, as Node 20 needs.
  it.skipIf(noObjdump)('needs no newer glibc than 2.28', () => {
    const versions = symbols().flatMap((line) => /GLIBC_2\.(\d+)/.exec(line)?.[1] ?? []);
    expect(versions.length).toBeGreaterThan(0);
    expect(Math.max(...versions.map(Number))).toBeLessThanOrEqual(28);
  });

  it.skipIf(noObjdump)("exports nothing but Node-API's two functions", () => {
    const defined = symbols().flatMap((line) => /^\S+ g .* (\S+)$/.exec(line)?.[1] ?? []);
    expect(defined.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });

  it.skipIf(noObjdump)('needs no library but the C library', () => {
    const { stdout } = spawnSync('objdump', ['-p', candidates()[0] ?? ''], { encoding: 'utf8' });
    const needed = [...stdout.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]);
    expect(needed.filter((name) => !/^(libc|ld-linux.*|libpthread)\.so/.test(name ?? ''))).toEqual([]);
  });
});

it.skipIf(lacks('g++'))(
  'the addon can be linked in a folder with a comma and a blank in its name',
  async () => {
    const folder = join(temporaryFolder(), 'one, two');
    mkdirSync(folder);
    for (const name of ['build-flags.js', 'exports.map'])
      copyFileSync(new URL(`../../native/${name}`, import.meta.url), join(folder, name));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'empty.cc'), '');
    const flags = await import(pathToFileURL(join(folder, 'build-flags.js')).href);
    const args = ['-fPIC', join(folder, 'empty.cc'), ...flags.addonFlags(), '-o', join(folder, 'x.so')];
    const { status, stderr } = spawnSync('g++', args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
);

describe('build.js without a compiler', () => {
  const build = (...args: string[]) => {
    const empty = join(temporaryFolder(), 'bin');
    mkdirSync(empty);
    return spawnSync(process.execPath, [builder, '--force', ...args], {
      encoding: 'utf8',
      env: { PATH: empty, CXX: 'no-such-compiler' },
    });
  };
  const said = 'no C++ compiler found (tried no-such-compiler, g++, c++, clang++); apt-get install g++';

  it('says so, and fails', () => {
    expect(build()).toMatchObject({ status: 1, stderr: expect.stringContaining(said) });
  });

  it('says so, and continues if it is optional', () => {
    expect(build('--optional')).toMatchObject({ status: 0, stderr: expect.stringContaining(said) });
  });
});
