import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { version } from '../src/version.js';
import { missingAddon } from './helpers/addon.js';
import { missingPrograms } from './helpers/programs.js';
import { run } from './helpers/run.js';
import { useTempDir } from './helpers/temp-dir.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const missing = missingPrograms({ npm: 'npm' });

describe.skipIf(missing)('the npm packages, installed in an empty folder', () => {
  const dir = useTempDir();
  const bin = (name: string) => join(dir, 'node_modules/.bin', name);

  beforeAll(async () => {
    expect(await run(['node', 'build/types.js'], { cwd: root, timeout: 120_000 })).toMatchObject({
      code: 0,
    });
    for (const workspace of [[], ['--workspace', 'native']]) {
      const packed = await run(['npm', 'pack', '--silent', '--pack-destination', dir, ...workspace], {
        cwd: root,
      });
      expect(packed).toMatchObject({ code: 0 });
    }
    const tarballs = readdirSync(dir).map((name) => `./${name}`);
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    const install = [
      'npm',
      'install',
      '--silent',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
    ];
    const installed = await run([...install, ...tarballs], { cwd: dir, timeout: 120_000 });
    expect(installed).toMatchObject({ code: 0 });
  }, 300_000);

  it('has both programs, without an install script', async () => {
    expect(await run([bin('vmssh'), 'check', '--until=resolved', 'vsock/3'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✓ resolved .* vsock:3:22\n/),
    });
    expect(await run([bin('vsock-nc'), '--banner', 'unix/no/such'])).toMatchObject({ code: 1, stdout: '' });
    expect(await run([bin('vmssh'), '--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.skipIf(missingAddon())('contains the built addon', async () => {
    const script = "import { load } from 'node-hvsock-native'; console.log(load().families.join())";
    writeFileSync(join(dir, 'addon.js'), script);
    expect(await run(['node', 'addon.js'], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('vsock'),
    });
  });

  it('types the library', async () => {
    mkdirSync(join(dir, 'src'));
    writeFileSync(
      join(dir, 'src/use.ts'),
      `import { ConnectError, connect, parseTarget, probe, resolve, type Target } from 'vmssh';
const target: Target = parseTarget('vsock/3');
const { endpoint } = await resolve('vsock/3', { port: 22 });
const sock = await connect('unix/x', { timeout: 10, signal: AbortSignal.timeout(5) }).catch((error: unknown) => {
  if (error instanceof ConnectError) return error.hint;
  throw error;
});
const { hostKey: { fingerprint } } = await probe('unix/x', { user: 'root' });
// @ts-expect-error a port is a number
await connect('unix/x', { port: '22' });
console.log(target, endpoint, sock, fingerprint);
`,
    );
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    const tsc = [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--ignoreConfig'];
    const types = ['--typeRoots', join(root, 'node_modules/@types')];
    expect(await run([...tsc, ...options, ...types, 'src/use.ts'], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('contains only what a user needs', () => {
    const files = readdirSync(join(dir, 'node_modules/vmssh'), { recursive: true }).map(String);
    expect(files).toContain('docs/reference/errors.md');
    expect(
      files.filter((name) => /(^|\/)(demo|test|src)/.test(name) && !/src-[\w-]+\.mjs|types\//.test(name)),
    ).toEqual([]);
  });
});
