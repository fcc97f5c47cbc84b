import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { shellText } from '../build/bundle/shell-text.js';
import { startMachined } from './helpers/machined.js';
import { run } from './helpers/run.js';
import { useTempDir } from './helpers/temp-dir.js';
import { codes, tableOf } from './markdown.js';

const src = dirname(fileURLToPath(new URL('../src/main.ts', import.meta.url)));

/** An addon whose only socket ends the program when it is asked for. */
const addon = `
const pending = { promise: new Promise(() => {}), cancel() {} };
export const load = () => ({ watchHangup: () => pending, isSocket: () => false, connect: () => process.exit(0) });
`;

/** What also runs and returns a value, a setting or an answer: docs/layout.md lists them. */
const beside = [
  /^(address|cli|target)\//,
  /^(clock|errors|interruption|native|runtime)$/,
  /^commands\/(proxy\/stdio-watch|reach\/(trace|socket-warning))$/,
  /^kinds\/(dot-host|managed)$/,
  /^discovery\/(own-env|tools\/.*|machined\/(machine|varlink.*))$/,
];

describe('from argv to the socket', () => {
  const dir = useTempDir();
  const table = tableOf('layout.md', 'One `ssh vsock/3`, from argv to bytes');

  beforeAll(async () => {
    writeFileSync(join(dir, 'addon.js'), addon);
    const build = await rolldown({
      input: join(src, 'main.ts'),
      platform: 'node',
      external: ['ssh2', 'commander', 'chalk', 'yocto-spinner'],
      resolve: { alias: { 'node-hvsock-native': join(dir, 'addon.js') } },
      checks: { ineffectiveDynamicImport: false },
      plugins: [shellText()],
    });
    const files = { preserveModules: true, preserveModulesRoot: src, entryFileNames: '[name].mjs' } as const;
    await build.write({ dir: join(dir, 'src'), format: 'esm', ...files });
    await build.close();
    writeFileSync(join(dir, 'run.mjs'), "await (await import('./src/main.mjs')).main('vmssh');\n");
    symlinkSync(join(src, '../node_modules'), join(dir, 'node_modules'));
  });

  /** The files of which a function ran, by V8's own count. */
  async function passed(target: string, env: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
    const counts = join(dir, encodeURIComponent(target));
    mkdirSync(counts);
    const command = [process.execPath, join(dir, 'run.mjs'), 'proxy', '--typed', target, target, '22'];
    const outcome = await run(command, { env: { ...process.env, ...env, NODE_V8_COVERAGE: counts } });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const root = `file://${join(dir, 'src')}/`;
    const scripts = readdirSync(counts).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(counts, name), 'utf8'));
      return result as { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
    });
    const ran = scripts.filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    );
    return ran
      .filter(({ url }) => url.startsWith(root))
      .map(({ url }) => url.slice(root.length).replace(/\.mjs$/, ''))
      .filter((file) => existsSync(join(src, `${file}.ts`)) && !beside.some((each) => each.test(file)));
  }

  it.each([
    { target: 'vsock/3', most: 10 },
    { target: 'machine/web', most: 12 },
  ])('$target passes the files of docs/layout.md, at most $most', async ({ target, most }) => {
    const machined = await startMachined([{ name: 'web', class: 'vm', vSockCid: 3 }]);
    const files = await passed(target, machined.env).finally(() => machined.stop());
    const row = table.find((each) => codes(each.target)[0] === target);
    const listed = codes(row?.files).map((file) => file.replace(/\.ts$/, ''));
    // A record may be only its fields, of which none runs.
    const record = `kinds/${target.split('/')[0]}`;
    expect([...new Set([...files, record])].toSorted()).toEqual(listed.toSorted());
    expect(listed.length).toBeLessThanOrEqual(most);
  });
});
