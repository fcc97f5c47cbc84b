import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveListed } from '../../../src/sources/find.js';
import { everyEntry } from '../../../src/sources/here.js';
import { listAll } from '../../../src/sources/list-all.js';
import { mergeMachines } from '../../../src/sources/merge.js';
import type { OutsideLine } from '../../../src/sources/outside/file.js';
import { outsideSource } from '../../../src/sources/outside/outside.js';
import { machinesIn } from '../../../src/sources/outside/rows.js';
import { searchSource } from '../../../src/sources/search.js';
import type { Source } from '../../../src/sources/source.js';
import { reachedMachine } from '../../../src/sources/source.js';
import { sources } from '../../../src/sources/sources.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';

const dir = useTempDir();
const { key } = madeKey('ed25519');
const deps = { env: { PATH: process.env.PATH } };
const file = join(dir, 'sources.json');
const db = { name: 'db', target: 'beside/db', status: 'running', provider: 'beside' } as const;
const beside: Source = {
  ...{ name: 'beside', title: 'Beside', list: async () => ({ found: [db], warnings: [] }) },
};

const line = { name: 'mine', file, command: ['/x'], find: false, start: false };

/** A source whose program is a shell script of these lines. */
function scripted(lines: string, more: Partial<OutsideLine> = {}): Source {
  writeFileSync(file, '{}');
  const program = join(dir, `machines-${Math.random()}`);
  script(program, lines);
  return outsideSource({ ...line, command: [program, 'first'], ...more });
}

const print = (...rows: readonly object[]) => `printf %s '${JSON.stringify({ version: 1, machines: rows })}'`;
const web = { name: 'web', status: 'running', address: 'vsock/3' };

describe('a source', () => {
  it('runs its program with its arguments, and no shell', async () => {
    const source = scripted(`[ "$*" = "first list" ] && ${print(web)}`);
    expect(await source.list(deps)).toMatchObject({ found: [{ target: 'mine/web' }], warnings: [] });
    const odd = scripted('echo "$#:$3:$4" >&2; exit 1', { find: true });
    const problem = expect.stringContaining('4:--:-x; id $(id)');
    expect(await searchSource(odd, '-x; id $(id)', deps)).toMatchObject({ outcome: 'unavailable', problem });
  });

  it('finds a machine by its own search, if its line says so', async () => {
    const find = (script: string) => searchSource(scripted(script, { find: true }), 'web', deps);
    const found = { outcome: 'found', machine: { target: 'mine/web-1' } };
    const one = `case $2 in find) ${print({ ...web, name: 'web-1' })} ;; *) exit 1 ;; esac`;
    expect(await find(one)).toMatchObject(found);
    const missing = 'mine has no machine "web"';
    expect(await find(print())).toMatchObject({ outcome: 'unknown', missing });
    const means = ['mine/web', 'mine/web-2'];
    expect(await find(print(web, { ...web, name: 'web-2' }))).toMatchObject({ outcome: 'ambiguous', means });
  });

  const none = { code: 'NO_HOST_KEY', problem: expect.stringContaining('none of them is a host key') };
  it.each([
    { hostKeys: undefined, want: { routes: [{ endpoint: { cid: 3 } }] } },
    { hostKeys: [`${key} me`, 'x'], want: { machine: { name: 'web', hostKeys: [key] } } },
    { hostKeys: [], want: none },
    { hostKeys: ['ssh-ed25519 AAAA'], want: none },
  ])('reaches no machine whose host keys cannot be used: $hostKeys', async ({ hostKeys, want }) => {
    const source = scripted(print({ ...web, hostKeys }));
    const [machine] = (await source.list(deps)).found;
    const context = { ...deps, text: 'mine/web', port: 22, platform: 'linux', exists: () => true } as const;
    expect(await (machine && resolveListed(machine, source, context).catch((why) => why))).toMatchObject(
      want,
    );
  });

  it('is asked again for the host key of a machine that makes it when it is first reached', async () => {
    const made = join(dir, 'made');
    const source = scripted(`[ -e ${made} ] && ${print({ ...web, hostKeys: [key] })} || ${print(web)}`);
    const [machine] = (await source.list(deps)).found;
    writeFileSync(made, '');
    const files = machine && (await source.files?.(reachedMachine(machine), { ...deps, timeoutMs: 9000 }, 0));
    expect(await files?.read([], () => true)).toEqual([key]);
  });

  it('starts a machine, if its line says so', async () => {
    const machine = { name: '-f', target: 'mine/-f', status: 'off', provider: 'mine' } as const;
    expect(scripted('').start).toBeUndefined();
    expect(await scripted('', { start: true }).start?.(machine, {})).toEqual({
      machine: '-f',
      command: [expect.stringContaining('/machines-'), 'first', 'start', '--', '-f'],
    });
  });
});

describe('a hostile source costs its own machines only', () => {
  const brackets = 'head -c 9000 /dev/zero | tr "\\0" "["';
  const odd = '[{"__proto__":{"name":"x","status":"running"}},{"constructor":7}]';
  it.each([
    { name: 'hangs', script: 'sleep 1000 & sleep 1000', code: 'TIMEOUT' },
    { name: 'ignores signals', script: 'trap "" TERM INT HUP; while :; do sleep 1; done', code: 'TIMEOUT' },
    { name: 'floods stdout', script: 'yes', code: 'PROTOCOL' },
    { name: 'floods stderr', script: 'yes >&2', code: 'PROTOCOL' },
    { name: 'fails', script: 'echo "no \u001b[31mkey" >&2; exit 3', code: 'FAILED' },
    { name: 'kills itself', script: 'kill -9 $$', code: 'FAILED' },
    { name: 'prints nothing', script: '', code: 'PROTOCOL' },
    { name: 'prints half', script: `printf '{"version":1,"machines":[{"name":"web"'`, code: 'PROTOCOL' },
    { name: 'prints brackets', script: brackets, code: 'PROTOCOL' },
    { name: 'prints garbage and exits with 0', script: 'head -c 5000 /dev/urandom', code: 'PROTOCOL' },
    { name: 'prints another version', script: `echo '{"version":1e999,"machines":[]}'`, code: 'PROTOCOL' },
    {
      name: 'prints nested rows',
      script: `printf '{"version":1,"machines":['; ${brackets}`,
      code: 'PROTOCOL',
    },
    {
      name: 'has fields of no prototype',
      script: `echo '{"version":1,"machines":${odd}}'`,
      code: 'LEFT_OUT',
    },
    { name: 'has an odd row', script: print({ ...web, name: 'a\nHost *' }), code: 'LEFT_OUT' },
  ])('that $name', async ({ script, code }) => {
    const limitMs = code === 'TIMEOUT' ? 2000 : 60_000;
    const { machines, warnings } = await listAll(deps, [scripted(script), beside], limitMs);
    expect(machines.map(({ target }) => target)).toEqual(['beside/db']);
    expect(warnings).toMatchObject([{ provider: 'mine', code }]);
  });

  it('that leaves a process with its output, is not waited for', async () => {
    const source = scripted(`${print(web)}; sleep 60 & echo $! >${dir}/pid`);
    const { machines, warnings } = await listAll(deps, [source]);
    process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')));
    expect(machines.map(({ target }) => target)).toEqual(['mine/web']);
    expect(warnings).toEqual([]);
  });

  it('that names a field twice has the last one, whatever it was checked to be', async () => {
    const row = '{"name":"web","status":"running","name":"../x","address":"vsock/3","address":"vsock/2"}';
    const { machines } = await listAll(deps, [scripted(`echo '{"version":1,"machines":[${row}]}'`)]);
    expect(machines).toEqual([]);
  });

  it('that is asked where files of others lie does not run there', async () => {
    const own = scripted('pwd >&2; exit 1');
    await expect(own.list(deps)).rejects.toThrow(/machines-[\d.]+: \/$/);
  });

  it('with a program that is not there', async () => {
    const { machines, warnings } = await listAll(deps, [
      scripted('', { command: [join(dir, 'none')] }),
      beside,
    ]);
    expect(machines).toHaveLength(1);
    expect(warnings).toMatchObject([{ provider: 'mine', code: 'ENOENT' }]);
  });

  it('with a line that cannot be used', async () => {
    const { warnings } = await listAll(deps, [scripted('', { wrong: 'its "command" is none' })]);
    expect(warnings).toMatchObject([{ provider: 'mine', problem: `${file}: its "command" is none` }]);
  });

  it('that says it has the machine of another source', async () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const known = {
      ...({ name: 'web', target: 'qemu/web', status: 'running', provider: 'libvirt' } as const),
      ...{ uuid, cid: 3, pid: 7 },
    };
    const machines = [{ ...web, uuid, cid: 3, pid: 7 }];
    const { found } = machinesIn({ name: 'mine' }, { machines, warnings: [] });
    const merged = mergeMachines([known, { ...known, authority: 'user', pid: 8 }, ...found]);
    expect(merged.map(({ target }) => target)).toContain('mine/web');
    expect(merged.flatMap(({ also }) => also)).not.toContain('mine/web');
  });
});

describe('a program is run only if nobody else can have changed it', () => {
  it.each(['file', 'program', 'folder'] as const)('nor its %s', async (what) => {
    const folder = join(dir, `keys-${what}`);
    mkdirSync(folder);
    writeFileSync(file, '{}');
    const ran = join(dir, `ran-${what}`);
    const program = join(dir, `program-${what}`);
    script(program, `: > ${ran}`);
    const mine = { ...line, command: [program], find: true, folder };
    const changed = { file, program, folder }[what];
    const who = async (path: string) => (path === changed ? 'user 1001' : undefined);
    const source = outsideSource(mine, () => Promise.reject(new Error('it ran')), who);
    const message = `${changed} is not used: user 1001 can change it`;
    await expect(source.list(deps)).rejects.toMatchObject({ code: 'UNTRUSTED', final: true, message });
    expect(await searchSource(source, 'web', deps)).toMatchObject({ outcome: 'unavailable', final: true });
  });

  /** A new file in a folder of this mode. */
  const fileIn = (folderMode: number, mode = 0o755, text = '#!/bin/sh\n') => {
    const folder = join(dir, `folder-${Math.random()}`);
    mkdirSync(folder);
    const path = join(folder, 'machines');
    writeFileSync(path, text);
    chmodSync(path, mode);
    chmodSync(folder, folderMode);
    return path;
  };
  const linkTo = (to: string, folderMode = 0o755) => {
    const link = join(dirname(fileIn(folderMode)), 'link');
    symlinkSync(to, link);
    return link;
  };
  const lists = (command: readonly string[], more: Partial<OutsideLine> = {}) => {
    writeFileSync(file, '{}');
    return outsideSource({ ...line, command, ...more }).list(deps);
  };

  it.each<{ what: string; command: () => readonly string[] }>([
    { what: 'a program for all to write', command: () => [fileIn(0o755, 0o777)] },
    { what: 'a folder for all to write', command: () => [fileIn(0o777)] },
    { what: 'a missing program that anybody can make', command: () => [join(dirname(fileIn(0o1777)), 'x')] },
    { what: 'a link in a folder for all', command: () => [linkTo(fileIn(0o755), 0o777)] },
    { what: 'a link to a link in a folder for all', command: () => [linkTo(linkTo(fileIn(0o755), 0o777))] },
    { what: 'a script for all to write', command: () => ['/bin/sh', fileIn(0o755, 0o666)] },
    {
      what: 'a missing script of anybody',
      command: () => ['/bin/sh', '-e', join(dirname(fileIn(0o1777)), 'x')],
    },
  ])('not $what', async ({ command }) => {
    await expect(lists(command())).rejects.toMatchObject({ code: 'UNTRUSTED' });
  });

  it('also one in a sticky folder, and with a folder for all as its argument', async () => {
    const program = fileIn(0o1777, 0o755, `#!/bin/sh\n${print(web)}\n`);
    expect((await lists([program, dirname(fileIn(0o777))])).found).toHaveLength(1);
  });

  it.skipIf(missingRoot('what root runs'))("of root, not a user's", async () => {
    const uid = otherUser.uid ?? 0;
    const program = fileIn(0o755);
    chownSync(program, uid, uid);
    const message = `${program} is not used: user ${uid} can change it`;
    await expect(lists([program])).rejects.toMatchObject({ message });
    await expect(lists(['/bin/sh', program])).rejects.toMatchObject({ code: 'UNTRUSTED' });
    const theirs = fileIn(0o755, 0o644, '{}');
    chownSync(dirname(theirs), uid, uid);
    await expect(lists(['/bin/true'], { file: theirs })).rejects.toMatchObject({ code: 'UNTRUSTED' });
  });

  it('nor a program that a row names as its route, or an argument of its exec', async () => {
    const [open, link, fifo] = [fileIn(0o777), linkTo('/bin/sh', 0o777), join(dir, 'fifo')];
    execFileSync('mkfifo', ['-m', '666', fifo]);
    const route = (program: string) => ({ ...web, routes: [{ command: [program] }] });
    const refused = [
      { ...route(open), name: 'a' },
      { ...web, name: 'b', exec: [open, 'exec', '--'] },
      { ...web, name: 'd', exec: { command: ['/bin/sh', open], streams: false } },
      { ...web, name: 'e', exec: [link] },
      { ...web, name: 'f', exec: ['/bin/sh', fifo] },
    ];
    const { found, warnings } = await scripted(
      print(web, ...refused, { ...route('/bin/cat'), exec: ['/bin/cat', dir, '/dev/null'], name: 'c' }),
    ).list(deps);
    expect(found.map(({ name }) => name)).toEqual(['web', 'c']);
    const left = (count: number, path: string) =>
      `${count} of its machines cannot be shown: any user can change ${path}, which is their way in`;
    expect(warnings.map(({ problem }) => problem)).toEqual([left(3, open), left(1, link), left(1, fifo)]);
  });

  it('nor a key of a row that lies elsewhere, or in a folder for all', async () => {
    const folder = join(dir, 'keys');
    const secret = fileIn(0o755, 0o600);
    for (const name of ['', 'own', 'open']) mkdirSync(join(folder, name));
    chmodSync(join(folder, 'open'), 0o777);
    for (const key of ['own/key', 'open/key']) writeFileSync(join(folder, key), '', { mode: 0o600 });
    symlinkSync(secret, join(folder, 'link'));
    symlinkSync(dirname(secret), join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'own'), join(folder, 'within'));
    const kept = ['own/key', 'within/key', 'own/none'].map((key) => join(folder, key));
    const refused = ['open/key', 'link', 'elsewhere/machines', 'elsewhere/none'].map((key) =>
      join(folder, key),
    );
    const rows = [...kept, ...refused].map((identityFile, i) => ({ ...web, name: `m${i}`, identityFile }));
    const { found, warnings } = await scripted(print(...rows), { folder }).list(deps);
    expect(warnings).toEqual([]);
    expect(found.flatMap(({ identityFile }) => identityFile ?? [])).toEqual(kept);
    // The folder itself may be a link.
    const link = join(dir, 'keys-link');
    symlinkSync(folder, link);
    const identityFile = join(link, 'own/key');
    const viaLink = await scripted(print({ ...web, identityFile }), { folder: link }).list(deps);
    expect(viaLink.found).toMatchObject([{ identityFile }]);
  });
});

describe('the sources of the user and of root', () => {
  const problems = [{ file, code: 'PROTOCOL', problem: 'not JSON' }];

  it("come after vmssh's own; what is wrong with a file is a warning", async () => {
    const all = everyEntry({ lines: [line, { ...line, name: 'lab' }], problems });
    const names = sources.map(({ name }) => name);
    expect(all.map(({ name }) => name)).toEqual([...names, 'mine', 'lab', 'sources.json']);
    expect((await all.at(-3)?.load())?.name).toBe('mine');
    const warnings = [{ provider: 'sources.json', code: 'PROTOCOL', problem: `${file}: not JSON` }];
    expect(await (await all.at(-1)?.load())?.list(deps)).toEqual({ found: [], warnings });
    expect(everyEntry({ lines: [], problems: [] })).toEqual(sources);
  });
});
