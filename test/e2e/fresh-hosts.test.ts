import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/sources/tools/json.js';
import { missingAddon } from '../helpers/addon.js';
import { ends, failing } from '../helpers/expected.js';
import { lacks } from '../helpers/programs.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Answer, onTerminal } from '../helpers/terminal.js';
import { listing, PeerFolder } from '../sources/machined/varlink-peer.js';

/** What the host's systemd-machined has now; undefined: it does not answer properly. */
let machines: readonly JsonObject[] | undefined = [];
const vm = (name: string, vSockCid: number): JsonObject => ({ name, class: 'vm', vSockCid });

describe.skipIf(lacks('ssh'))('config install --fresh', () => {
  const dir = useTempDir();
  const folder = new PeerFolder();
  beforeAll(() =>
    folder.listen('user/systemd/machine/io.systemd.Machine', (_request, peer) => {
      if (machines) peer.write(listing(machines));
      else peer.end('no JSON\0');
    }),
  );
  afterAll(() => folder.stop());

  function newHome() {
    const home = mkdtempSync(join(dir, 'h'));
    mkdirSync(join(home, '.ssh'));
    const own = join(home, '.ssh/vmssh.conf');
    const env = {
      ...process.env,
      HOME: home,
      XDG_RUNTIME_DIR: join(folder.path, 'user'),
      VMSSH_SSH: '/bin/true',
    };
    return {
      own,
      fresh: () =>
        JSON.parse(readFileSync(join(home, '.local/state/vmssh/hosts.json'), 'utf8')).options.fresh,
      vmssh: (...args: string[]) => run([...vmssh, ...args], { env }),
      onTerminal: (asks: RegExp, answer: Answer, ...args: string[]) =>
        onTerminal([...vmssh, ...args], asks, answer, { ...env, TERM: 'xterm' }),
      hosts: () => readFileSync(own, 'utf8').match(/(?<=^Host )[\w-]+-f9$/gm) ?? [],
      /** Whether ssh calls vmssh for a name. */
      knows: async (name: string) =>
        /^proxycommand .* proxy /m.test((await run(['ssh', '-F', own, '-G', name])).stdout),
    };
  }

  it('has list and ssh write the Hosts of machines that came or went, and nothing else', async () => {
    const home = newHome();
    machines = [vm('one-f9', 42)];
    expect(await home.vmssh('config', 'install', '--fresh', '--prefix', '')).toMatchObject({ code: 0 });
    expect(home.hosts()).toEqual(['one-f9']);
    machines = [vm('one-f9', 42), vm('two-f9', 43)];
    const { code, stdout, stderr } = await home.vmssh('list', '-q');
    expect({ code, has: stdout.includes('two-f9'), stderr }).toEqual({ code: 0, has: true, stderr: '' });
    expect(await home.knows('two-f9')).toBe(true);
    machines = [vm('two-f9', 43), vm('three-f9', 44)];
    expect(await home.vmssh('ssh', 'two-f9', 'true')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect([await home.knows('one-f9'), await home.knows('three-f9')]).toEqual([false, true]);
    machines = undefined;
    await home.vmssh('list');
    expect(home.hosts()).toEqual(['two-f9', 'three-f9']);
    machines = [vm('two-f9', 43)];
    expect(await home.vmssh('config', 'refresh')).toEqual(
      expect.objectContaining({ code: 0, stdout: '', stderr: '' }),
    );
    expect(home.hosts()).toEqual(['two-f9']);
  });

  it.skipIf(lacks('script') ?? missingAddon())(
    'is asked for once on a terminal, and never in a pipe',
    async () => {
      machines = [vm('one-f9', 42)];
      // The first question is about first keys: machined reads none.
      const asks = /(?:Keep it up to date|Accept first keys without a question)\? \[y\/N\] $/;
      for (const { answer, code, kept } of [
        { answer: 'y', code: 0, kept: true },
        { answer: 'n', code: 0, kept: false },
        { answer: '', code: 0, kept: false },
      ]) {
        const home = newHome();
        const first = await home.onTerminal(asks, answer, 'config', 'install');
        expect(first).toMatchObject({ code, stdout: expect.stringContaining('Keep it up') });
        expect(home.fresh()).toBe(kept);
        const again = await home.onTerminal(asks, answer, 'config', 'install');
        expect(again).toMatchObject({ code: 0, stdout: expect.not.stringContaining('Keep it up') });
      }
      const home = newHome();
      await ends(
        130,
        home.onTerminal(asks, (type) => type('\x03'), 'config', 'install'),
      );
      expect(existsSync(home.own)).toBe(false);
      const piped = await home.vmssh('config', 'install');
      expect(piped).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Keep it') });
      expect(home.fresh()).toBeUndefined();
    },
  );

  it('leaves completion and the proxy as quick as they are: they write nothing', async () => {
    const home = newHome();
    machines = [vm('one-f9', 42)];
    await home.vmssh('config', 'install', '--fresh');
    const { ino } = statSync(home.own);
    machines = [vm('two-f9', 43)];
    await home.vmssh('complete', '--', 'ssh', 'tw');
    await home.vmssh('check', '--until=resolved', 'machine/two-f9');
    expect(statSync(home.own).ino).toBe(ino);
    expect(home.hosts()).toEqual(['one-f9']);
  });

  it('is off by default, is taken back, and does not touch a file that was edited', async () => {
    const home = newHome();
    machines = [vm('one-f9', 42)];
    await home.vmssh('config', 'install');
    machines = [vm('two-f9', 43)];
    await home.vmssh('list');
    expect(home.hosts()).toEqual(['one-f9']);
    expect(await home.vmssh('config', 'refresh')).toMatchObject(
      failing(1, /automatic Host updates are off\nhint: .*config install --fresh\n/),
    );
    await home.vmssh('config', 'install', '--fresh');
    await home.vmssh('config', 'install', '--no-fresh');
    machines = [vm('three-f9', 43)];
    await home.vmssh('list');
    expect(home.hosts()).toEqual(['two-f9']);
    await home.vmssh('config', 'install', '--fresh');
    const mine = `${readFileSync(home.own, 'utf8')}# mine\n`;
    writeFileSync(home.own, mine);
    machines = [vm('four-f9', 43)];
    expect(await home.vmssh('list')).toMatchObject({ code: 0 });
    expect(readFileSync(home.own, 'utf8')).toBe(mine);
  });
});
