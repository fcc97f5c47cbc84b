import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { findProgram, lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { blocksOf } from '../../markdown.js';
import { listing, useOwnSource } from './own-source.js';

const { dir, home, bin, env, program, source, call, useSsh } = useOwnSource();

/** The code block of docs/sources.md is what runs here: only its manager is another. */
describe.skipIf(lacks('ssh', 'sshd', 'jq'))('a source of the user', () => {
  const sshd = useSshd(dir);
  /** A program whose stdin and stdout are the connection. */
  beforeAll(() => {
    useSsh();
    const script =
      'const s = require("net").connect(process.argv[1]); process.stdin.pipe(s); s.pipe(process.stdout)';
    program('pipe', `exec ${process.execPath} -e '${script}' ${sshd.path}`);
  });

  it('goes from nothing to a login, as docs/sources.md has it', async () => {
    const key = join(home, '.box/key');
    mkdirSync(join(home, '.box'));
    copyFileSync(join(dir, 'id'), key);
    const host_keys = [readFileSync(join(dir, 'host.pub'), 'utf8').trim()];
    const web = { name: 'web', id: 'i-1', login: userInfo().username, key, host_keys, state: 'up' };
    const db = { ...web, name: 'db', id: 'i-2', host_keys: null, state: 'stopped' };
    const boxes = JSON.stringify({ boxes: [web, db] });
    const box = program('box', `[ $1 = ssh-stdio ] && exec ${bin}/pipe; [ $1 = ps ] && echo '${boxes}'`);
    const [block = ''] = blocksOf('sources.md', 'From nothing to a login', 'sh');
    const text = block.replace('/usr/bin/box', box).replace(/ssh box\/web$/m, '$& echo there');
    const done = await run(['bash', '-euc', text], { env, cwd: home });
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✓ list .* 2 machines in 2 rows[\s\S]*there\n$/),
      stderr: expect.not.stringContaining('host key'),
    });
    for (const name of ['web', 'box%web'])
      expect(await run(['ssh', name, 'echo in'], { env })).toMatchObject({ stdout: 'in\n' });
  });

  it.skipIf(lacks('unshare', 'mount'))('is there without a HOME, as in a systemd service', async () => {
    source([program('there', listing({ name: 'lab', status: 'running', address: `unix${sshd.path}` }))]);
    writeFileSync(join(dir, 'passwd'), `me:x:0:0::${home}:/bin/sh\n`);
    const script = `mount --bind ${dir}/passwd /etc/passwd && unset HOME && exec "$@"`;
    const command = ['unshare', '-rm', 'sh', '-c', script, 'sh', ...vmssh, 'list'];
    expect((await run(command, { env })).stdout).toContain('mine/lab');
  });

  it('that has "find" is asked for one name alone, by vmssh and by its proxy, which passes on the host keys', async () => {
    const calls = join(dir, 'calls');
    const key = readFileSync(join(dir, 'host.pub'), 'utf8').trim();
    const to = { user: userInfo().username, address: `unix${sshd.path}` };
    const find = listing({ name: 'lab', status: 'running', hostKeys: [key], ...to });
    const script = `echo "$*" >> ${calls}; [ "$1" = list ] && exec sleep 60; ${find.replace('list', 'find')}`;
    source([program('slow', script)], { find: true, folder: dir });
    for (const name of ['mine/lab', 'lab']) {
      const done = await run([...vmssh, 'ssh', '-oStrictHostKeyChecking=yes', name, 'echo in'], { env });
      expect(done).toMatchObject({ code: 0, stdout: 'in\n' });
      expect(readFileSync(calls, 'utf8')).toBe('find lab\n'.repeat(2));
      rmSync(calls);
    }
    source([program('fails', 'echo no key >&2; exit 3')], { find: true });
    const failed = { code: 255, stdout: '', stderr: expect.stringContaining('no key') };
    expect(await call('ssh', '--print-command', 'mine/lab')).toMatchObject(failed);
  });

  it('has an exec as its route, and is a machine for each command', async () => {
    const command = [join(bin, 'pipe')];
    const row = { name: 'Web 1', status: 'running', id: 'i-1', routes: [{ route: 'exec', command }] };
    source([program('machines', listing(row))]);
    const { stdout } = await call('list', '--json', '--provider', 'mine');
    const [machine] = JSON.parse(stdout).machines;
    expect(machine).toMatchObject({ target: 'mine/Web 1', routes: [{ route: 'exec', command }] });
    expect(await call('nc', '--banner', 'mine/Web 1')).toMatchObject({
      stdout: expect.stringMatching(/^SSH-2/),
    });
    expect(await call('nc', '--banner', 'Web-1')).toMatchObject({
      stdout: expect.stringMatching(/^SSH-2/),
    });
    expect(await call('check', '--until', 'banner', 'mine/web 1')).toMatchObject({ code: 0 });
    expect((await call('inventory', '--list')).stdout).toContain('mine/Web 1');
    expect(await call('nc', 'mine/Web 1', '80')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('reaches its SSH server only: port 80 cannot be reached'),
    });
  });
});

describe('vmssh check SOURCE', () => {
  it('says what is wrong with each row, and exits with 1', async () => {
    const rows = [
      { name: 'web', status: 'fine' },
      { name: 'db', status: 'running' },
      { name: 'ok', status: 'off' },
    ];
    source([program('wrong', listing(...rows))]);
    const { code, stdout } = await call('check', 'mine');
    expect(code).toBe(1);
    expect(stdout).toMatch(/list +[\d.]+ ms {2}2 machines in 3 rows\n/);
    expect(stdout.match(/left out/g)).toHaveLength(1);
    expect(stdout).toMatch(/row 1, "web": left out: its "status" is "fine": it must be one of running/);
    expect(stdout).toMatch(/row 2, "db": it is running, and has neither an "address" nor "routes"/);
    expect(stdout).not.toMatch(/row 3/);
  });

  it('shows a person the first of very many, and says which rows have one id or name', async () => {
    const bad = Array.from({ length: 2000 }, (_, at) => ({ name: `m${at}`, status: 'fine' }));
    const twice = ['a', 'b', 'b'].map((name) => ({ name, id: 'x', status: 'off' }));
    writeFileSync(join(dir, 'rows'), JSON.stringify({ version: 1, machines: [...twice, ...bad] }));
    source([program('many', `cat ${dir}/rows`)]);
    const { stdout } = await call('check', 'mine');
    expect(stdout.split('\n').length).toBeLessThan(70);
    expect(stdout).toMatch(/3 machines in 2003 rows, 2 warnings/);
    expect(stdout).toMatch(/and 1952 more: --json shows all/);
    const [{ checks }] = JSON.parse((await call('check', '--json', 'mine')).stdout).results;
    expect(checks).toHaveLength(2002);
    for (const says of [stdout, (await call('list', '--provider', 'mine')).stderr]) {
      expect(says).toContain('3 rows have one "id": "a", "b", "b"');
      expect(says).toContain('2 rows are named "b"');
    }
    const { stderr } = await call('nc', 'nope');
    expect(stderr).toContain('; not all of mine can be shown\n');
    expect(stderr).toMatch(/hint: mine may have it: .*list --provider mine\n/);
    expect((await call('nc', 'mine/nope')).stderr).toContain(
      'found "a", "b"; not all of mine can be shown\n',
    );
  });

  it.each([
    { what: 'fails', text: 'echo no key >&2; exit 3', says: /no key/, exit: 1 },
    { what: 'prints no JSON', text: 'echo hello', says: /not JSON: "hello/, exit: 1 },
  ])('shows why one that $what has no machines', async ({ text, says, exit }) => {
    source([program('fails', text)]);
    const { code, stdout } = await call('check', '--json', 'mine');
    expect(code).toBe(exit);
    expect(JSON.parse(stdout).results[0].error.problem).toMatch(says);
    expect((await call('list', '--provider', 'mine')).code).toBe(1);
    expect((await call('list')).code).toBe(0);
    expect((await call('nc', 'mine/web')).stderr).toMatch(says);
  });

  it('says what makes a login another one than the source means', async () => {
    const keys = join(dir, 'keys');
    const to = { status: 'running', address: 'unix/no/such' };
    const rows = [
      { name: 'a', ...to, hostKey: 'x', identityFile: `${keys}/none` },
      { name: 'b', ...to, hostKeys: ['ssh-ed25519 AAAA'] },
      { name: 'c', ...to, hostKeys: [] },
      { name: 'd', status: 'off', hostKeys: [] },
    ];
    source([program('odd', listing(...rows))], { folder: keys });
    const { checks } = JSON.parse((await call('check', '--json', 'mine')).stdout).results[0];
    const used = '0 of its "hostKeys" can be used: "ssh-ed25519 AAAA…" each';
    const gone = 'no socket /no/such is there';
    expect(checks.map(({ found }: { found: string }) => found)).toEqual([
      `its "folder" ${keys} is not there`,
      '/no/such is claimed by mine/a, mine/b, mine/c: vmssh reaches none of them by it (ADDRESS_TWICE)',
      `row 1, "a": its "identityFile" is not used: no file ${keys}/none is there`,
      'row 1, "a": its "hostKey" is not known: did you mean "hostKeys"?',
      `row 1, "a": ${gone}`,
      ...['2, "b"', '3, "c"'].flatMap((at) => [`row ${at}: ${used}`, `row ${at}: ${gone}`]),
    ]);
    expect((await call('nc', 'mine/a')).stderr).toContain('mine has "a", but /no/such is claimed by');
    expect((await call('nc', 'mine/d')).stderr).toMatch(/"start": true in its line of .*sources\.json/);
  });

  it('runs nothing that others can change', async () => {
    const path = program('open', `: > ${dir}/ran; ${listing()}`);
    chmodSync(path, 0o777);
    source([path]);
    expect(await call('check', 'mine')).toMatchObject(
      printing(1, /open is not used: any user can change it\n[\s\S]*chmod go-w/),
    );
    expect(existsSync(join(dir, 'ran'))).toBe(false);
  });

  it('tries its "find" too', async () => {
    source([program('finds', `${listing({ name: 'web', status: 'off' })}`)], { find: true });
    expect(await call('check', 'mine')).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ find/) });
  });
});

it('completion runs no program, and offers what config install saw', async () => {
  const ran = join(dir, 'ran-list');
  source([
    program('marks', `: > ${ran}; ${listing({ name: 'kept', status: 'running', address: 'vsock/3' })}`),
  ]);
  expect(await call('config', 'install', '--no-fresh')).toMatchObject({ code: 0 });
  expect(existsSync(ran)).toBe(true);
  rmSync(ran);
  const { stdout } = await call('complete', '--', 'ssh', 'mine/');
  expect(stdout).toContain('mine/kept\t');
  expect((await call('complete', '--', 'list', '--provider', 'mi')).stdout).toContain('mine\t');
  const lines = ['ssh ', 'ssh ke', 'check mi', 'check mine%', 'forward mine/kept ', 'nc MINE/', 'list '];
  for (const line of [...lines, 'ssh via/hv1/mine/'])
    expect(await call('complete', '--', ...line.split(' '))).toMatchObject({ code: 0 });
  expect(existsSync(ran)).toBe(false);
});

it('doctor lists each, and what is wrong with the file', async () => {
  source([program('good', listing({ name: 'web', status: 'off' }))]);
  expect((await call('doctor', '-v')).stdout).toContain(`mine: 1 machine by ${bin}/good`);
  writeFileSync(join(home, '.config/vmssh/sources.json'), '{');
  expect(await call('doctor', '-v')).toMatchObject(
    printing(1, /own sources +\S*\/vmssh\/sources\.json: not JSON/),
  );
  expect((await call('list')).stderr).toMatch(/sources\.json: not JSON/);
});

describe('a source that vmssh has', () => {
  it.skipIf(process.platform !== 'linux' || lacks('unshare'))(
    'lists the machines of virtme-ng, by vsock and by TCP',
    async () => {
      const fixture = new URL('../../fixtures/qemu/virtme-ng1.35.cmdline.txt', import.meta.url);
      const words = readFileSync(fixture, 'utf8').trimEnd().split('\n');
      // What --ssh-tcp changes.
      const byTcp = words.map((word) =>
        word
          .replace('virtme_ssh_channel=vsock', 'virtme_ssh_channel=tcp')
          .replace('vhost-vsock-pci,guest-cid=42', 'virtio-net-pci,netdev=ssh')
          .replace(/^-no-reboot$/, '-netdev\nuser,id=ssh,hostfwd=tcp:127.0.0.1:2222-:22'),
      );
      const all = [words, byTcp.flatMap((word) => word.split('\n'))];
      // As root of a container of this user's may say.
      const inside = words.map((word) => word.replace('guest-cid=42', 'guest-cid=43'));
      // As su that waits for a password.
      const byAnother = words.map((word) => word.replace('guest-cid=42', 'guest-cid=44'));
      const setUserId = join(dir, 'sh');
      copyFileSync(findProgram('sh') ?? '/bin/sh', setUserId);
      chmodSync(setUserId, 0o4755);
      const children = [...all, inside, byAnother].map((each) => {
        const apart = each === inside ? ['--user'] : [];
        const shell = each === byAnother ? setUserId : 'sh';
        const command = ['unshare', ...apart, shell, '-c', 'echo; read x', ...each];
        return spawn('env', command, { stdio: ['pipe', 'pipe', 'ignore'] });
      });
      try {
        await Promise.all(children.map(({ stdout }) => once(stdout, 'readable')));
        source(['/bin/false']);
        await call('source', 'add', '--yes', 'virtme-ng');
        const { stdout } = await call('list', '--json', '--provider', 'virtme-ng');
        expect(JSON.parse(stdout)).toMatchObject({
          machines: [
            { name: 'vng-42', address: 'vsock/42', status: 'running' },
            { name: 'vng-2222', address: '127.0.0.1:2222' },
          ],
          warnings: [],
        });
      } finally {
        for (const { stdin } of children) stdin.end();
      }
    },
  );
});
