import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { shellText } from '../build/bundle/shell-text.js';
import { startMachined } from './helpers/machined.js';
import { type Outcome, run } from './helpers/run.js';
import { useIncus } from './helpers/sockets/peers.js';
import { script, useTempDir } from './helpers/temp-dir.js';
import { codes, tableOf } from './markdown.js';

const src = dirname(fileURLToPath(new URL('../src/index.ts', import.meta.url)));

/** An addon whose only socket ends the program when it is asked for. */
const addon = `
const pending = { promise: new Promise(() => {}), cancel() {} };
export const load = () => ({ watchHangup: () => pending, isSocket: () => false, connect: () => process.exit(0) });
`;

/** What also runs and returns a value, a setting or an answer: docs/contributing/layout.md lists them. */
const beside = [
  /^(base|cli|typed)\/(?!reach\/reach-target$)/,
  /^commands\/proxy\/stdio-watch$/,
  /^kinds\/(kind|machines)$/,
  /^process\/program-in-path$/,
  /^(ssh\/folder|book\/identity|files\/place)$/,
  /^sources\/(not-up|start-command)$/,
  /^sources\/(trusted-env|trusted-path|search|source|sources|routes|tools\/.*|machined\/(machined?|varlink.*))$/,
];

/** What is loaded only while a monitor runs, which another test may have started. */
const forMonitors =
  /^sources\/(vmm\/|processes\/(process-paths|tcp-listeners|namespaces)$|tools\/(cid-space|claims|guest-addresses)$)/;

/** As V8 writes it. */
interface Script {
  readonly url: string;
  readonly functions: readonly { functionName: string; ranges: readonly { count: number }[] }[];
}

/** A name that no other machine of this host has; docs/contributing/layout.md calls it mint. */
const mint = 'mint-w4';

describe('from argv to the socket', () => {
  const dir = useTempDir();
  const web = { name: 'web', type: 'container', status: 'Running', config: {} };
  const incus = useIncus(dir, [web]);
  const table = tableOf('contributing/layout.md', 'One `ssh mint`, from the Host line to the login');

  beforeAll(async () => {
    for (const folder of ['home', 'bin']) mkdirSync(join(dir, folder));
    // A PATH with only what says which lines ssh takes.
    script(join(dir, 'bin/ssh'), 'echo OpenSSH_9.9p1 >&2');
    writeFileSync(join(dir, 'addon.js'), addon);
    const build = await rolldown({
      input: join(src, 'program/main.ts'),
      platform: 'node',
      external: ['ssh2', 'commander', 'chalk', 'diff', 'yocto-spinner'],
      resolve: { alias: { 'node-hvsock-native': join(dir, 'addon.js') } },
      checks: { ineffectiveDynamicImport: false },
      plugins: [shellText()],
    });
    const files = { preserveModules: true, preserveModulesRoot: src, entryFileNames: '[name].mjs' } as const;
    await build.write({ dir: join(dir, 'src'), format: 'esm', ...files });
    await build.close();
    writeFileSync(join(dir, 'run.mjs'), "await (await import('./src/program/main.mjs')).main('vmssh');\n");
    symlinkSync(join(src, '../node_modules'), join(dir, 'node_modules'));
  });

  function program(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
    const command = [process.execPath, join(dir, 'run.mjs'), ...args];
    return run(command, { env: { ...process.env, PATH: join(dir, 'bin'), ...env } });
  }

  /** The files of which a function ran, by V8's own count. */
  async function passed(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    code = 0,
  ): Promise<readonly string[]> {
    const counts = join(dir, encodeURIComponent(args.join(' ')));
    mkdirSync(counts);
    const outcome = await program(args, { ...env, NODE_V8_COVERAGE: counts });
    // Machines of others on this host may give warnings.
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(code);
    return scriptsIn(counts, ({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    ).filter((file) => existsSync(join(src, `${file}.ts`)) && !beside.some((each) => each.test(file)));
  }

  /** The files that were loaded, or those of them that `which` holds for. */
  function scriptsIn(counts: string, which: (script: Script) => boolean = () => true): readonly string[] {
    const root = `file://${join(dir, 'src')}/`;
    const scripts = readdirSync(counts).flatMap((name): readonly Script[] => {
      return JSON.parse(readFileSync(join(counts, name), 'utf8')).result;
    });
    const ours = scripts.filter((script) => script.url.startsWith(root) && which(script));
    return [...new Set(ours.map(({ url }) => url.slice(root.length).replace(/\.mjs$/, '')))];
  }

  /** The arguments of the proxy in the Host of config install that has this pattern, as ssh runs it for `typed`. */
  async function proxyOf(pattern: string, typed: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
    const { stdout } = await program(['config', 'print'], env);
    const block = stdout
      .split(/^(?=Host )/m)
      .find((each) => each.split('\n')[0]?.split(' ').includes(pattern));
    const [, command = ''] = /ProxyCommand .* (proxy .*)/.exec(block ?? '') ?? [];
    return command.replaceAll("'", '').replaceAll(/%[nh]/g, typed).replace('%p', '22').split(' ');
  }

  it.each([
    { typed: 'vsock/3', pattern: 'vsock/*', records: 'sockets', most: 9 },
    { typed: 'mint', pattern: mint, records: 'machines', most: 11 },
  ])(
    'ssh $typed passes the files of docs/contributing/layout.md, at most $most',
    async ({ typed, pattern, records, most }) => {
      const machined = await startMachined([{ name: mint, class: 'vm', vSockCid: 3 }]);
      const files = await proxyOf(pattern, typed, machined.env)
        .then((args) => passed(args, machined.env))
        .finally(() => machined.stop());
      const row = table.find((each) => codes(each['you type'])[0] === `ssh ${typed}`);
      const listed = codes(row?.files).map((file) => file.replace(/\.ts$/, ''));
      // Of a record maybe only its fields are read; of those of machines, isBare runs for any target.
      expect([...new Set([...files, `kinds/${records}`])].toSorted()).toEqual(listed.toSorted());
      expect(listed.length).toBeLessThanOrEqual(most);
    },
  );

  it.each([
    { args: ['proxy', '--fdpass', '--record', `machine/${mint}`, '22'], most: 41 },
    { args: ['list'], most: 62 },
    { args: ['config', 'install', '--no-fresh'], most: 95 },
    { args: ['guest', 'check', 'no-such-host.invalid'], most: 61 },
    { args: ['setup', '--dry-run', '--by', 'exec', `machine/${mint}`], most: 146 },
  ])('$args loads at most $most files of src/', async ({ args, most }) => {
    const machined = await startMachined([{ name: mint, class: 'vm', vSockCid: 3 }]);
    const home = join(dir, `home-${args.join('-').replaceAll('/', '_')}`);
    const counts = `${home}/counts`;
    mkdirSync(counts, { recursive: true, mode: 0o700 });
    const env = { ...machined.env, HOME: home, NODE_V8_COVERAGE: counts };
    await program(args, env).finally(() => machined.stop());
    const loaded = scriptsIn(counts).filter(
      (file) => existsSync(join(src, `${file}.ts`)) && !forMonitors.test(file),
    );
    expect(loaded.length, loaded.toSorted().join('\n')).toBeLessThanOrEqual(most);
    expect(loaded.length).toBeGreaterThan(most - 10);
  });

  it.each([
    { heading: 'One `vmssh list`', args: ['list', '--provider=machined'] },
    { heading: 'One `vmssh config install`', args: ['config', 'install', '--no-fresh'] },
  ])('$args passes the files of docs/contributing/layout.md, in any order', async ({ heading, args }) => {
    const machined = await startMachined([{ name: mint, class: 'vm', vSockCid: 3 }]);
    const env = { ...machined.env, HOME: join(dir, 'home') };
    const files = await passed(args, env).finally(() => machined.stop());
    const [row] = tableOf('contributing/layout.md', heading);
    const listed = codes(row?.files).map((file) => file.replace(/\.ts$/, ''));
    expect(listed.length).toBeGreaterThan(5);
    expect(listed.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('setup passes the files of docs/contributing/layout.md, in any order', async () => {
    const says = "printf 'ok account ann\\nchanged sshd x\\nend 0 done\\n'";
    const bin = join(dir, 'incus-bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'incus'), `#!/bin/sh\ncat >/dev/null; ${says}\n`, { mode: 0o755 });
    writeFileSync(join(dir, 'id.pub'), `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'I'.repeat(44)}\n`);
    const env = { HOME: join(dir, 'home'), PATH: `${bin}:${process.env.PATH}`, INCUS_SOCKET: incus };
    const args = ['setup', '--dry-run', '--install-sshd', '--key', join(dir, 'id.pub'), 'incus/web'];
    const files = await passed(args, env, 1);
    const [row] = tableOf('contributing/layout.md', 'One `vmssh setup`');
    const listed = codes(row?.files).map((file) => file.replace(/\.ts$/, ''));
    expect(listed.length).toBeGreaterThan(10);
    expect(listed.filter((file) => !files.includes(file))).toEqual([]);
  });
});

it.each([
  { page: 'contributing/layout.md', least: 40 },
  { page: 'contributing/adding.md', least: 20 },
  { page: 'contributing/assurance.md', least: 10 },
  { page: 'reference/security.md', least: 10 },
])('docs/$page names no file or folder that is not there', ({ page, least }) => {
  const text = readFileSync(join(src, '../docs', page), 'utf8').replace(/^```.*?^```/gms, '');
  const tree = ['src', 'test', 'build', 'docs', 'native'].flatMap((folder) => [
    ...['/biome.json', `/${folder}/`],
    ...readdirSync(join(src, '..', folder), { recursive: true, encoding: 'utf8' }).map(
      (path) => `/${folder}/${path}${/\.\w+$/.test(path) ? '' : '/'}`,
    ),
  ]);
  const named = codes(text).filter((name) => /^[\w-][\w./-]*(\/|\.(ts|js|md|sh|json))$/.test(name));
  const paths = named.filter((name) => !/^dist\/|[A-Z]{3}|^parts\/|^\w+\.json$/.test(name));
  expect(paths.length).toBeGreaterThan(least);
  expect(paths.filter((path) => !tree.some((each) => each.endsWith(`/${path}`)))).toEqual([]);
});
