import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { failing } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { begin, isAlive, outcome, run, until, vmssh, vmsshWords } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { overTcp } from './over-tcp.js';

const dir = useTempDir();
const uuid = '8495db59-ee59-4938-bf3b-c78365a6940b';

describe('what reaches stdout and how it ends', () => {
  it('delivers what the peer sends after our end of input', async () => {
    const path = await serve('tail', (socket) => {
      socket.on('data', (part) => {
        socket.write(`you said ${part}`);
        socket.on('end', () => socket.end(' and went'));
        child.stdin?.end();
      });
    });
    const child = proxy(`unix${path}`);
    child.stdin?.write('hello');
    expect(await outcome(child)).toMatchObject({ code: 0, stdout: 'you said hello and went', stderr: '' });
  });

  it('delivers every byte of a peer that sends a burst and closes', async () => {
    const burst = 'x'.repeat(5_000_000);
    const path = await serve('burst', (socket) => socket.end(burst));
    const result = await outcome(likeSsh(proxy(`unix${path}`)));
    expect([result.code, result.stdout.length]).toEqual([0, burst.length]);
  });

  it('relays to a TCP socket, which takes no other socket, with --fdpass too', async () => {
    const path = await serve('tcp', (socket) => socket.end('SSH-2.0-test\r\n'));
    const command = [...vmssh, 'proxy', '--fdpass', `unix${path}`, '22'];
    expect(await overTcp(command)).toEqual({ code: 0, stderr: '', written: 'SSH-2.0-test\r\n' });
  });

  it('hands the banner on after it waited for it', async () => {
    const path = await serve('banner', (socket) => socket.end('SSH-2.0-test\r\nrest'));
    const result = await outcome(likeSsh(proxy(`unix${path}`, '--wait')));
    expect(result).toMatchObject({ code: 0, stdout: 'SSH-2.0-test\r\nrest', stderr: '' });
  });

  it.skipIf(missingAddon() ?? lacks('ssh', 'script'))(
    'says on a terminal that a machine which takes the connection stays silent',
    async () => {
      const path = await serve('silent', (socket) => socket.resume());
      const command = `ProxyCommand=${vmsshWords} proxy --fdpass unix${path} 22`;
      const ssh = ['ssh', '-F', 'none', '-o', 'ProxyUseFdpass=yes', '-o', command, 'x'];
      const { stdout } = await onTerminal(ssh, /is connected, but sends no SSH banner/, (type) =>
        type('\x03'),
      );
      expect(stdout).toContain(`vmssh: unix${path} is connected`);
    },
  );

  it('says that a machine hangs behind a multiplexer that gives no answer, and goes on', async () => {
    let later: Socket | undefined;
    const path = await serve('hangs', (socket) => {
      later = socket.resume();
    });
    const child = likeSsh(proxy(`vsock-mux${path}`));
    await until(child.stderr, 'the machine takes no connection: it hangs, or boots; ssh waits for it');
    later?.end('SSH-2.0-late\r\n');
    expect(await outcome(child)).toMatchObject({ code: 0, stdout: 'SSH-2.0-late\r\n' });
  });

  it('waits for a socket that comes later, and past connections that are closed without a banner', async () => {
    const path = join(dir, 'later.sock');
    const child = likeSsh(proxy(`unix${path}`, '--wait', '-v'));
    await until(child.stderr, 'no socket at');
    let connections = 0;
    await serve('later', (socket) => {
      connections++;
      if (connections < 3) socket.destroy();
      else socket.end('SSH-2.0-ready\r\n');
    });
    const result = await outcome(child);
    expect([result.code, result.stdout, connections]).toEqual([0, 'SSH-2.0-ready\r\n', 3]);
  });

  it.each(['--timeout=0.3', '--timeout=0.3 --fdpass'])(
    'gives up on a server that sends no banner, with %s, while ssh still waits',
    async (options) => {
      const path = await serve(`no-banner${options.length}`, () => {});
      const child = proxy(`unix${path}`, ...options.split(' '));
      expect(await outcome(child)).toMatchObject(failing(3, /connected, but no SSH banner came in 0\.\d+ s/));
    },
  );

  it('gives up waiting when the time is over, with the last reason', async () => {
    const command = [...vmssh, 'proxy', '--wait=0.3', `unix${dir}/never.sock`, '22'];
    expect(await run(command, { keepOpen: true })).toMatchObject({ code: 1, stdout: '' });
  });
});

const asTyped = (text: string) => ['--typed', text, text, '22'];

describe('bad input', () => {
  it.each<[name: string, args: readonly string[], says: string, code: number]>([
    ['an empty target', ['', '22'], 'the target is empty', 2],
    ['control characters', ['unix/a\u001b[31m', '22'], '"unix/a\\x1b[31m"', 2],
    ['an unknown kind', ['mint', '22'], '"mint"', 2],
    ['a path over the limit', [`unix/${'a'.repeat(200)}`, '22'], 'at most 107', 2],
    ['the CID any', ['vsock/4294967295', '22'], 'any machine', 2],
    ['a CID that is none', ['vsock/x', '22'], '"x"', 2],
    ['a negative port', ['vsock/3', '--', '-1'], 'negative', 2],
    ['a word for a port', ['vsock/3', 'x'], '"x"', 2],
    ['an empty port', ['vsock/3', ''], 'the port is missing', 2],
    ['the port any', ['vsock/3', '4294967295'], '4294967295', 2],
    ['a GUID of a wrong shape', ['hyper-v/{12345678-1234}', '22'], 'is not a GUID', 2],
    ['no argument', [], 'HOST PORT', 2],
    ['a third argument', ['vsock/3', '22', '23'], '"23"', 2],
    ['an unknown option', ['--bogus', 'vsock/3', '22'], '--bogus', 2],
    ['a timeout that is none', ['--timeout', 'soon', 'vsock/3', '22'], '"soon"', 2],
    ['an unknown machine', ['container/no-such-machine', '22'], 'no-such-machine', 4],
    ['a key that ssh would keep for others', asTyped('machine/x,vmssh-machine%web'), 'as a pattern', 2],
    ['the same behind another host', asTyped(`via/hv1/x,vmssh-${uuid}`), 'as a pattern', 2],
    ['the same by a star', asTyped('podman%a*'), 'as a pattern', 2],
    ['an address whose key is not kept', asTyped('unix/no/such/a,b*'), 'cannot connect to', 1],
    ['one behind another host', asTyped('via/hv1/unix/no/such/a,b*'), 'cannot connect to', 1],
    ['a socket that is not there', ['unix/no/such/socket', '22'], 'ENOENT', 1],
  ])('$0: one clear line, nothing on stdout', async (_name, args, says, code) => {
    const env = { ...process.env, VMSSH_SSH: 'false' };
    const result = await run([...vmssh, 'proxy', ...args], { env, keepOpen: true });
    expect(result.stderr).toContain(says);
    expect(result).toMatchObject({ code, stdout: '' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what the test looks for
    expect(result.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

/** A peer that keeps the proxy in each of its states. */
const states = [
  { name: 'connecting', args: ['--timeout', '20'], kind: 'vsock-mux', greeting: '', until: 'resolve' },
  { name: 'waiting', args: ['--wait=20'], kind: 'unix', greeting: 'not yet', until: 'connect' },
  { name: 'relaying', args: [], kind: 'unix', greeting: '', until: 'connect' },
] as const;

const hasAddon = missingAddon() === undefined;

const ends: readonly [name: string, end: (child: ChildProcess) => void][] = [
  ['end of stdin', (child) => child.stdin?.end()],
  ['SIGTERM', (child) => child.kill('SIGTERM')],
  ['SIGHUP', (child) => child.kill('SIGHUP')],
  // Node by itself notices this at its next write only; an ssh that dies closes stdin, too.
  ['a reader of stdout that went away', (child) => child.stdout?.destroy()],
];

describe.each(states)('while $name', ({ name, args, kind, greeting, until: step }) => {
  it.each(hasAddon ? ends : ends.slice(0, 3))('$0 ends it', async (_name, end) => {
    const path = await serve(`held-${name}`, (socket) => socket.write(greeting));
    const child = proxy(`${kind}${path}`, '-v', ...args);
    await until(child.stderr, ` ${step} `);
    end(child);
    expect((await outcome(child)).stdout).toBe('');
  });
});

// As the programs on ssh2 do, which know no ProxyUseFdpass, but read a ProxyCommand with --fdpass.
it('with --fdpass relays for a Node program, whose child has two different sockets', async () => {
  const path = await serve('node-child', (socket) => {
    socket.write('SSH-2.0-peer\r\n');
    socket.on('data', (part) => socket.end(`got ${part}`));
  });
  const child = likeSsh(proxy(`unix${path}`, '--fdpass'));
  child.stdin?.write('hello');
  expect(await outcome(child)).toMatchObject({ code: 0, stdout: 'SSH-2.0-peer\r\ngot hello', stderr: '' });
});

const missing = lacks('ssh');

it.skipIf(missing || !hasAddon)(
  'an ssh that waits for a socket, of which no --fdpass tells, gets a word',
  async () => {
    const path = await serve('untold', (socket) => socket.write('SSH-2.0-peer\r\n'));
    const proxied = ['-oProxyUseFdpass=yes', `-oProxyCommand=${vmsshWords} proxy unix${path} %p`];
    const { code, stderr } = await run(['ssh', '-F', 'none', ...proxied, 'x']);
    expect(code).toBe(255);
    expect(stderr).toMatch(/waits for a socket, but got bytes\nhint: add --fdpass to the ProxyCommand/);
  },
);

describe.skipIf(missing)('an ssh with ControlPersist, which gives its proxy no stderr', () => {
  /** What stands on its stderr, which the script redirects. */
  async function said(script: string, more = ''): Promise<string> {
    const master = ['-oControlMaster=auto', `-oControlPath=${dir}/master`, '-oControlPersist=9'];
    const proxied = `-oProxyCommand=${vmsshWords} proxy unix${dir}/none %p${more}`;
    return (await run(['sh', '-c', script, 'sh', '-F', 'none', ...master, proxied, '-T', 'x'])).stdout;
  }

  it('shows why it could not connect, all the same', async () => {
    expect(await said('ssh "$@" 2>&1 | cat')).toMatch(/^vmssh: .*ENOENT.*\nhint: .*\n.*onnection closed/);
  });

  it('but not in a file, where ssh would write over it, and not if the user wants nothing of the proxy', async () => {
    expect(await said(`ssh "$@" 2> ${dir}/said; cat ${dir}/said`)).toMatch(/^.*onnection closed/);
    expect(await said('ssh "$@" 2>&1 | cat', ' 2> /dev/null')).toMatch(/^.*onnection closed/);
  });

  const proxied = [...vmssh, 'proxy', `unix${dir}/none`, '22'];
  /** A copy of a program that is called as ssh is. */
  const namedSsh = (program: string) => {
    const path = join(mkdtempSync(join(dir, 'named-')), 'ssh');
    copyFileSync(program, path);
    return path;
  };
  it('nor waits until somebody reads it', async () => {
    const over = `[ -e ${dir}/over ]`;
    const full = 'dd if=/dev/zero of=/dev/fd/3 bs=512 oflag=nonblock 3>&2 2> /dev/null';
    const reader = `for _ in $(seq 200); do ${over} && break; sleep 0.1; done; ${over} || echo late; tr -d '\\0'`;
    const script = `{ ${full}; (exec "$@" 2<> /dev/null); : > ${dir}/over; } 2>&1 | { ${reader}; }`;
    expect((await run([namedSsh('/bin/sh'), '-c', script, 'sh', ...proxied])).stdout).toBe('');
  });

  it('nor does another program that wants no messages', async () => {
    const script = '{ (exec "$@" 2<> /dev/null); :; } 2>&1 | cat';
    expect((await run([namedSsh('/bin/sh'), '-c', script, 'sh', ...proxied])).stdout).toContain(
      'cannot connect',
    );
    expect((await run(['sh', '-c', script, 'sh', ...proxied])).stdout).toBe('');
  });

  it.skipIf(missingRoot('a process of another user') ?? lacks('unshare'))(
    "nor as root by another user's process",
    async () => {
      const ssh = namedSsh('/bin/sh');
      for (const folder of [dir, dirname(ssh)]) chmodSync(folder, 0o755);
      // The child begins when its parent is the other user's, which ends after it.
      const parent = `mkfifo "$0.go" "$0.over" && exec 3<> "$0.go" 4<> "$0.over" 5> "$0.over" 6< "$0.over" 4>&-
        (read go <&3; exec "$@" 2<> /dev/null 3>&- 6<&-) > /dev/null &
        exec setpriv --reuid 4343 --regid 4343 --clear-groups "$0" -c 'exec 5>&-; echo go >&3; cat <&6'`;
      expect((await run(['sh', '-c', `(${parent}) 2>&1 | cat`, ssh, ...proxied])).stdout).toBe('');
    },
  );
});

describe.skipIf(missing)('an ssh that is killed', () => {
  it.each([
    ...(hasAddon ? [{ mode: 'fdpass', options: ['-o', 'ProxyUseFdpass=yes'], flags: '--fdpass' }] : []),
    { mode: 'relay', options: [], flags: '' },
  ])('takes its proxy along, by $mode', async ({ mode, options, flags }) => {
    const path = await serve(`killed-${mode}`, () => {});
    const pidFile = join(dir, `pid-${mode}`);
    const script = join(dir, `proxy-${mode}.sh`);
    writeFileSync(script, `#!/bin/sh\necho $$ > "${pidFile}"\nexec "$@"\n`, { mode: 0o755 });
    const words = [script, vmsshWords, 'proxy', flags, '-v --timeout=20', `vsock-mux${path}`, '22'];
    const proxied = ['-o', `ProxyCommand=${words.join(' ')}`];
    const ssh = spawn('ssh', ['-F', 'none', ...options, ...proxied, 'x', 'true'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await until(ssh.stderr, ' resolve ');
    ssh.kill('SIGKILL');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

/** Serves at a socket in the folder for this test: its path. */
async function serve(name: string, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(dir, `${name}.sock`);
  const server = createServer({ allowHalfOpen: true }, (socket) => onConnection(socket.resume()));
  await listening(server, path);
  return path;
}

function proxy(target: string, ...args: readonly string[]): ChildProcess {
  return begin([...vmssh, 'proxy', ...args, target, '22']);
}

/** Hangs up when the proxy closed its output, as ssh does; the proxy itself continues, for a peer that half-closed. */
function likeSsh(child: ChildProcess): ChildProcess {
  child.stdout?.once('end', () => child.stdin?.end());
  return child;
}
