import { chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ends } from '../../helpers/expected.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { run, underTrace, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { listing, useOwnSource } from './own-source.js';

// A variable of ssh_config.
const variable = `\${HOME}`;
const bed = useOwnSource();
const { dir, home, env, program, source, call } = bed;

/** The settings that the real ssh reads for a host. */
async function settingsOf(host: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run(['ssh', '-F', join(home, '.ssh/config'), '-G', '--', host], { env });
  return new Map(stdout.split('\n').map((line) => [line.replace(/ .*/, ''), line.replace(/^\S+ /, '')]));
}

describe.skipIf(lacks('ssh'))('rows of a source, in lines for ssh', () => {
  it('are read by the real ssh as what they are: names, and nothing that runs', async () => {
    const keys = join(dir, 'keys');
    mkdirSync(keys);
    for (const name of ['%d', variable, 'q"x', "q'x", 'a b', 'u\u202e'])
      writeFileSync(join(keys, name), '', { mode: 0o600 });
    const secret = join(dir, 'secret');
    writeFileSync(secret, '', { mode: 0o600 });
    symlinkSync(secret, join(keys, 'link'));
    const word = `';touch ${dir}/ran;'$(touch ${dir}/ran)\`touch ${dir}/ran\`"`;
    const names = [
      ...[
        'plain',
        'bidi\u202eeman',
        'sur\ud800',
        'a%b',
        'a:b',
        '-oProxyCommand=id',
        '*',
        '!web',
        '__proto__',
      ],
      ...['%h', '%%', "q'uote", 'q"uote', 'back\\slash', '$(id)', '`id`', 'localhost', 'x y', '#x', 'é'],
    ];
    const row = (name: string, more: object = {}) => ({
      name,
      status: 'running',
      address: 'vsock/77',
      ...more,
    });
    const exec = { address: undefined, routes: [{ command: ['/bin/cat', word, '-oProxyCommand=id', ''] }] };
    const odd = [
      ...['ann\u202e', 'an n', '%h', '#x', 'a\ud800', '-oX=id', '$(id)', variable].map((user, at) =>
        row(`user${at}`, { user }),
      ),
      ...['%d', variable, 'q"x', "q'x", 'a b', 'u\u202e', 'link', '../secret'].map((key, at) =>
        row(`key${at}`, { identityFile: `${keys}/${key}` }),
      ),
    ];
    source([program('odd', listing(...names.map((name) => row(name)), row('exec', exec), ...odd))], {
      folder: keys,
    });
    const installed = await call('config', 'install', '--no-fresh');
    expect(installed).toMatchObject({ code: 0 });
    expect(`${installed.stdout}${installed.stderr}`).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
    const text = readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8');
    expect(text).not.toContain('touch');
    expect(text).not.toContain(secret);
    const hosts = [...text.matchAll(/^Host (\S+)/gm)]
      .map(([, host = '']) => host)
      .filter((host) => !/[/*]|^\.host$/.test(host));
    expect(hosts).toEqual(
      expect.arrayContaining(['plain', 'exec', '__proto__', 'user1', 'key0', 'key6', 'key7']),
    );
    const plain = await settingsOf('plain');
    const seen = new Map<string, string>();
    for (const host of hosts) {
      const own = await settingsOf(host);
      for (const [key, value] of own)
        if (value !== plain.get(key)) seen.set(key, `${seen.get(key) ?? ''}${host} ${value}\n`);
      expect(own.get('proxycommand'), host).toMatch(/ proxy (--fdpass )?(--record )?'?mine\//);
    }
    // Only what a row may decide.
    const may = ['host', 'hostkeyalias', 'hostname', 'identityfile', 'proxycommand', 'user'];
    expect([...seen.keys()].filter((key) => !may.includes(key))).toEqual([]);
    expect(seen.get('identityfile')?.trim().split('\n')).toEqual(
      expect.arrayContaining([`key0 ${keys}/%%d`, `key2 ${keys}/q"x`]),
    );
    expect(seen.get('identityfile')).not.toMatch(/^key[167] /m);
  });

  it('show no control character in any command', async () => {
    const rows = [{ name: 'a\u202eb', status: 'running', address: 'vsock/77' }];
    const said = JSON.stringify({
      ...{ version: 1, machines: rows },
      warnings: [{ code: '\u001b[2J', problem: 'x\u001b]0;x\u0007' }],
    });
    source([program('said', `printf '\\033[2Jx' >&2; [ "$1" = list ] && cat << 'END'\n${said}\nEND`)]);
    const fails = join(dir, 'bin/fails');
    for (const command of [
      ['list'],
      ['list', '-o', 'wide'],
      ['check', 'mine'],
      ['check', '--until', 'resolved', 'mine/a\u202eb'],
      ['doctor', '-v'],
      ['inventory', '--list'],
      ['complete', '--', 'ssh', 'mine/'],
    ]) {
      const { stdout, stderr } = await call(...command);
      expect(stdout + stderr, command.join(' ')).not.toMatch(/[^\n\t\P{Cc}]|\u202e/u);
    }
    program('fails', "printf '\\033[2Jno\\302\\205key' >&2; exit 3");
    source([fails]);
    expect((await call('list')).stderr).toMatch(/no\\x85key/);
  });
});

it('a source that runs vmssh does not run itself again', async () => {
  const count = join(dir, 'count');
  program('vmssh', `exec ${vmsshWords} "$@"`);
  const row = { name: 'web', status: 'running', address: 'vsock/77' };
  source([program('again', `echo >> ${count}; vmssh list --json >> ${dir}/inner; ${listing(row)}`)]);
  expect((await call('list', '-q')).stdout).toContain('web');
  expect(readOr(count)).toBe('\n');
  expect(JSON.parse(readOr(`${dir}/inner`))).toMatchObject({ ok: true });
});

it.each([
  { typed: 'MINE/web', code: 0 },
  { typed: 'mine%web', code: 0 },
  { typed: 'mine/WEB', code: 0 },
  ...[
    'mine:web',
    'mine/',
    'mine/..',
    'mine/a/b',
    'mine//web',
    '/mine/web',
    '\uff4dine/web',
    'm\u0131ne/web',
  ].map((typed) => ({ typed, code: 2 })),
  ...['mine%2fweb', 'mine/web:22', 'mine/*', 'mine/web\u200b'].map((typed) => ({ typed, code: 4 })),
])('the target $typed, of a source that has "web": check exits with $code', async ({ typed, code }) => {
  const row = { name: 'web', status: 'running', address: 'unix/no/such' };
  source([program('spelled', listing(row))]);
  const done = await call('check', '--until', 'resolved', '--', typed);
  expect(done.code, done.stdout).toBe(code);
});

describe.skipIf(missingRoot('the sources of a user, for root'))("for root, with a user's environment", () => {
  it('the file of that user is not read, and its program does not run', async () => {
    const uid = otherUser.uid ?? 0;
    const theirs = join(dir, 'theirs');
    mkdirSync(join(theirs, '.config/vmssh'), { recursive: true });
    const path = program('theirs', `: > ${dir}/ran-as-root; ${listing()}`);
    const text = JSON.stringify({ version: 1, sources: { theirs: { command: [path] } } });
    writeFileSync(join(theirs, '.config/vmssh/sources.json'), text);
    for (const each of ['', '.config', '.config/vmssh', '.config/vmssh/sources.json'])
      chownSync(join(theirs, each), uid, uid);
    for (const variables of [
      { HOME: theirs, XDG_CONFIG_HOME: '' },
      { HOME: home, XDG_CONFIG_HOME: join(theirs, '.config') },
    ]) {
      const asRoot = await run([...vmssh, 'check', '--until', 'resolved', 'theirs/x'], {
        env: { ...env, ...variables },
      });
      expect(asRoot).toMatchObject({ code: 2, stdout: expect.stringContaining('unknown kind of target') });
    }
    expect(readOr(`${dir}/ran-as-root`)).toBe('none');
  });
});

describe.skipIf(lacks('ssh', 'sshd', 'strace'))('ssh mint', () => {
  const sshd = useSshd(dir);
  const sshAddress = `unix${sshd.path.replaceAll('/', '%')}`;
  const machined = useMachined([{ name: 'mint-t9', class: 'vm', sshAddress }]);
  beforeAll(() => {
    rmSync(join(home, '.ssh'), { recursive: true });
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    bed.useSsh();
  });

  it('reads no sources.json, and runs no source', async () => {
    const own = { ...env, ...machined.env, ...underTrace };
    const ran = join(dir, 'ran-for-mint');
    const row = { name: 'web', status: 'running', address: `unix${sshd.path}` };
    source([program('marks', `echo >> ${ran}; ${listing(row)}`)]);
    await ends(0, run([...vmssh, 'config', 'install', '--no-fresh'], { env: own }));
    rmSync(ran);
    const traced = async (host: string) => {
      const trace = join(dir, `trace-${host.replace('/', '-')}`);
      const line = [
        ...['strace', '-f', '-qq', '-e', 'trace=%file', '-s', '300', '-o', trace, 'ssh', '-n', host],
        ...['echo', 'in'],
      ];
      expect(await run(line, { env: own })).toMatchObject({ code: 0, stdout: 'in\n' });
      return readFileSync(trace, 'utf8').includes('/vmssh/sources.json');
    };
    expect([await traced('mint-t9'), await traced('machine/mint-t9')]).toEqual([false, false]);
    expect(readOr(ran)).toBe('none');
    expect(await traced('mine/web')).toBe(true);
    expect(readOr(ran)).not.toBe('none');
  });
});

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'none';
  }
}
