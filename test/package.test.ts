import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { version } from '../src/base/version.js';
import { missingAddon } from './helpers/addon.js';
import { ends, printing } from './helpers/expected.js';
import { startMachined } from './helpers/machined.js';
import { lacks, missingPrograms } from './helpers/programs.js';
import { run } from './helpers/run.js';
import { startSshd } from './helpers/sshd.js';
import { useTempDir, writeTree } from './helpers/temp-dir.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const missing = missingPrograms({ npm: 'npm' });
const missingSsh = lacks('ssh', 'sshd');

describe.skipIf(missing)('the npm packages, installed in an empty folder', () => {
  const dir = useTempDir();
  const bin = (name: string) => join(dir, 'node_modules/.bin', name);

  beforeAll(async () => {
    await ends(0, run(['node', 'build/types.js'], { cwd: root, timeout: 120_000 }));
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
    expect(await run([bin('vmssh'), 'check', '--until=resolved', 'vsock/3'])).toMatchObject(
      printing(0, /✓ find .* vsock:3:22\n/),
    );
    expect(await run([bin('vsock-nc'), '--banner', 'unix/no/such'])).toMatchObject({ code: 1, stdout: '' });
    expect(await run([bin('vmssh'), '--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.skipIf(missingAddon())('contains the built addon', async () => {
    const script = "import { load } from 'node-hvsock-native'; console.log(load().families.join())";
    writeFileSync(join(dir, 'addon.js'), script);
    expect(await run(['node', 'addon.js'], { cwd: dir })).toMatchObject(printing(0, 'vsock'));
  });

  it('types the library', async () => {
    writeTree(dir, {
      'src/use.ts': `import { ConnectError, connect, parseTarget, probe, resolve, start, type Target, watch } from 'vmssh';
const target: Target = parseTarget('vsock/3');
const { endpoint } = await resolve('vsock/3', { port: 22 });
const sock = await connect('unix/x', { timeout: 10, signal: AbortSignal.timeout(5) }).catch((error: unknown) => {
  if (error instanceof ConnectError) return error.hint;
  throw error;
});
const { hostKey: { fingerprint } } = await probe('unix/x', { user: 'root' });
await start('unix/x', { wait: 10 });
for await (const { machines } of watch({ sources: ['libvirt'], every: 10 })) console.log(machines.length);
// @ts-expect-error a port is a number
await connect('unix/x', { port: '22' });
console.log(target, endpoint, sock, fingerprint);
`,
    });
    expect(await tsc('--noEmit', 'src/use.ts')).toEqual('');
  });

  /** A strict program outside of the repository, whose only types are those of Node and ssh2. Resolves to what tsc prints. */
  async function tsc(...args: readonly string[]): Promise<string> {
    const types = join(dir, 'node_modules/@types');
    mkdirSync(types, { recursive: true });
    for (const [from, to] of [
      ['@types/node', join(types, 'node')],
      ['@types/ssh2', join(types, 'ssh2')],
      ['undici-types', join(dir, 'node_modules/undici-types')],
    ] as const)
      if (!existsSync(to)) symlinkSync(join(root, 'node_modules', from), to);
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--preserveSymlinks'];
    const program = [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--ignoreConfig'];
    const { code, stdout, stderr } = await run([...program, ...options, ...args], { cwd: dir });
    return code === 0 ? stdout : `${stdout}${stderr}`;
  }

  describe.skipIf(missingSsh)('in a program that lists and logs in by name', () => {
    let machined: Awaited<ReturnType<typeof startMachined>>;
    let env: NodeJS.ProcessEnv;
    let home: string;
    beforeAll(async () => {
      const server = await startSshd(dir);
      machined = await startMachined([
        {
          name: 'web',
          id: '11111111222243338444555555555555',
          class: 'vm',
          service: 'x',
          sshAddress: `unix${server.path}`,
          sshPrivateKeyPath: join(dir, 'id'),
        },
      ]);
      home = join(dir, 'home');
      mkdirSync(home);
      env = { PATH: process.env.PATH, HOME: home, USER: server.user, ...machined.env };
      for (const [name, head] of Object.entries(heads)) writeTree(dir, { [`login/${name}`]: head + login });
      expect(await tsc('--outDir', 'login', 'login/esm.mts', 'login/cjs.cts')).toBe('');
      return async () => {
        machined.stop();
        await server.close();
      };
    });

    it('refuses a host key that nobody here knows', async () => {
      const { code, stdout } = await run(['node', 'login/esm.mjs'], { cwd: dir, env });
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ op: 'handshake', code: 'HOST_KEY_UNKNOWN', target: 'web' });
    });

    it.each(['login/esm.mjs', 'login/cjs.cjs'])('%s', async (file) => {
      const known = join(home, '.ssh/vmssh_known_hosts');
      const [type, key] = readFileSync(join(dir, 'host.pub'), 'utf8').split(' ');
      const line = `vmssh-11111111-2222-4333-8444-555555555555 ${type} ${key} 2026-01-31 you machine%web host%web\n`;
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      writeFileSync(known, line, { mode: 0o600 });
      const { code, stdout, stderr } = await run(['node', file], { cwd: dir, env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        names: ['web'],
        routes: [{ route: 'export', address: `unix${join(dir, 'ssh.sock')}` }],
        warnings: [],
        target: 'machine/web',
        identityFile: join(dir, 'id'),
        said: 'logged in\n',
        // ssh2 is loaded by probe, and by the program itself after it had connected.
        loadedBefore: false,
        methods: expect.arrayContaining(['publickey']),
      });
      expect(readFileSync(known, 'utf8')).toBe(line);
    });

    it('refuses another host key than that of the machine before, with the reason', async () => {
      const known = join(home, '.ssh/vmssh_known_hosts');
      const before = readFileSync(known, 'utf8');
      onTestFinished(() => writeFileSync(known, before));
      const other = readFileSync(join(dir, 'id.pub'), 'utf8').split(' ')[1] ?? '';
      writeFileSync(known, before.replace(/ssh-ed25519 \S+/, `ssh-ed25519 ${other}`));
      const { code, stdout } = await run(['node', 'login/esm.mjs'], { cwd: dir, env });
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        name: 'ConnectError',
        op: 'handshake',
        code: 'HOST_KEY_CHANGED',
        target: 'web',
        hint: 'if it was reinstalled: vmssh forget web',
      });
      expect(readFileSync(known, 'utf8')).toContain(other);
    });

    it('rejects with the reason of an aborted signal', async () => {
      const program = `
        import { watch } from 'node:fs';
        import { connect, list, probe, resolve } from 'vmssh';
        const signal = AbortSignal.abort();
        const reason = new RangeError('enough');
        const own = AbortSignal.abort(reason);
        const later = new AbortController();
        const calls = [list({ signal }), ...[connect, resolve, probe].map((each) => each('web', { signal }))];
        const names = await Promise.all(calls.map((call) => call.catch(({ name }) => name)));
        const same = await connect('web', { signal: own }).catch((error) => error === reason);
        const waits = connect('unix/no/such', { wait: 60_000, signal: later.signal }).catch(({ name }) => name);
        later.abort();
        // While a source is asked: it has begun.
        const during = new AbortController();
        const watcher = watch(process.env.HOME, () => during.abort());
        const asked = await list({ sources: ['multipass'], signal: during.signal }).catch(({ name }) => name);
        watcher.close();
        console.log(JSON.stringify({ names, same, waits: await waits, asked }));`;
      writeFileSync(join(dir, 'aborted.mjs'), program);
      const bin = join(dir, 'bin');
      const began = mkdtempSync(join(dir, 'began'));
      writeTree(bin, { multipass: '#!/bin/sh\ntouch "$HOME/began"\nexec sleep 60\n' });
      const { code, stdout, stderr } = await run(['node', 'aborted.mjs'], {
        cwd: dir,
        env: { ...env, HOME: began, PATH: `${bin}:${process.env.PATH}` },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        names: ['AbortError', 'AbortError', 'AbortError', 'AbortError'],
        same: true,
        waits: 'AbortError',
        asked: 'AbortError',
      });
    });
  });

  it('is imported without any effect: no file is made or read but its own, no listener is added, and the process ends', async () => {
    const home = mkdtempSync(join(dir, 'nobody'));
    writeFileSync(join(dir, 'imports.mjs'), importOnly);
    const { code, stdout, stderr } = await run(['node', 'imports.mjs'], {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: home },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ read: [], listeners: {}, resources: [] });
    expect(readdirSync(home)).toEqual([]);
  });

  it('runs in a worker thread, and prints nothing there', async () => {
    const home = join(dir, 'worker');
    const row = {
      name: 'web',
      status: 'running',
      routes: [{ command: ['/bin/sh', '-c', 'echo SSH-2.0-x'] }],
    };
    const source = join(home, 'source');
    writeTree(home, {
      source: `#!/bin/sh\necho '${JSON.stringify({ version: 1, machines: [row] })}'\n`,
      '.config/vmssh/sources.json': JSON.stringify({ version: 1, sources: { mine: { command: [source] } } }),
    });
    const program = `
      import { Worker } from 'node:worker_threads';
      const thread = "import('vmssh').then(async ({ connect }) => { console.log(String((await (await connect('mine/web')).toArray())[0])) })";
      new Worker(thread, { eval: true });`;
    writeFileSync(join(dir, 'worker.mjs'), program);
    const outcome = await run(['node', 'worker.mjs'], {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: home },
    });
    expect(outcome).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\n\n', stderr: '' });
  });

  it('contains only what a user needs', () => {
    const files = readdirSync(join(dir, 'node_modules/vmssh'), { recursive: true }).map(String);
    expect(files).toContain('docs/reference/errors.md');
    expect(
      files.filter(
        (name) =>
          /(^|\/)(demo|test|src)/.test(name) &&
          // The addon's sources are for node-gyp.
          !/src-[\w-]+\.mjs|types\/|^node_modules\/node-hvsock-native\/src/.test(name),
      ),
    ).toEqual([]);
  });
});

/** What an import does to a process, on stdout. */
const importOnly = `
import { createRequire, syncBuiltinESMExports } from 'node:module';
const fs = createRequire(import.meta.url)('node:fs');
const read = [];
const watched = ['openSync', 'open', 'readFileSync', 'readFile', 'readdirSync', 'mkdirSync', 'writeFileSync'];
for (const name of watched) {
  const own = fs[name];
  fs[name] = (path, ...args) => {
    if (!/[/\\\\]node_modules[/\\\\]/.test(String(path)) && typeof path !== 'number') read.push(String(path));
    return own(path, ...args);
  };
}
syncBuiltinESMExports();
process.dlopen = () => read.push('the addon');
const counts = () => Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
const before = counts();
const active = process.getActiveResourcesInfo();
await import('vmssh');
const after = counts();
const listeners = Object.fromEntries(Object.entries(after).filter(([name, count]) => before[name] !== count));
const resources = process.getActiveResourcesInfo().filter((each) => !active.includes(each));
console.log(JSON.stringify({ read, listeners, resources }));
`;

/** How a program gets at the library and at ssh2. */
const heads = {
  'esm.mts': `import * as vmssh from 'vmssh';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
`,
  'cjs.cts': "import vmssh = require('vmssh');\n",
};

/** Lists, and logs in by the name alone. */
const login = `
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Client as SshClient, ClientChannel } from 'ssh2';

async function main() {
  const { machines, warnings }: vmssh.MachineList = await vmssh.list({ sources: ['machined'] });
  const stream: vmssh.MachineStream = await vmssh.connect('web', { timeout: 60_000 });
  const loadedBefore = Object.keys(require.cache).some((path) => path.includes('/ssh2/'));
  const { target, user = userInfo().username, identityFile, hostVerifier } = stream;
  if (identityFile === undefined) throw new Error('no key');
  const { Client }: typeof import('ssh2') = require('ssh2');
  const said = await new Promise<string>((resolve, reject) => {
    const client: SshClient = new Client();
    client
      .on('error', reject)
      .on('ready', () =>
        client.exec('echo logged in', (error: Error | undefined, channel: ClientChannel) => {
          if (error) return reject(error);
          let text = '';
          channel.on('data', (bytes: Buffer) => { text += bytes; }).on('close', () => {
            client.end();
            resolve(text);
          });
        }),
      )
      .connect({ sock: stream, username: user, privateKey: readFileSync(identityFile), hostVerifier });
  });
  const { methods } = await vmssh.probe('web', { user });
  const names = machines.map(({ name }) => name);
  const routes = machines.flatMap((machine) => machine.routes);
  return { names, routes, warnings, target, identityFile, said, loadedBefore, methods };
}

main().then(
  (done) => console.log(JSON.stringify(done)),
  (error) => {
    console.log(JSON.stringify({ ...error, name: error.name }));
    process.exitCode = 1;
  },
);
`;
