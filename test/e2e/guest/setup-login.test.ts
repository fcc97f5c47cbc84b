import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshKeys } from '../../../src/demo/server.js';
import { fingerprintOf } from '../../../src/ssh/known-hosts.js';
import { findProgram, lacks, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh, vmsshWords } from '../../helpers/run.js';
import { hypervisorHosts } from '../../helpers/sshd.js';
import { script, treeOf, writeTree } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { agentWith, startAgent } from '../check/agents.js';
import { listing, useOwnSource } from '../sources/own-source.js';
import { giveVmssh, needed, useHypervisors } from '../via/hypervisors.js';

const missing = missingPrograms({ ...needed, 'ssh-keygen': 'openssh-client' });
const bed = useOwnSource();
const { dir, home, bin, source, program } = bed;

// The machine is a server of ssh2 that takes a password, and of each connection one session (MaxSessions 1). It runs the scripts in a folder in place of
// its root; ssh and sh are real.
describe.skipIf(missing)(`vmssh setup by a login${missing ? `: ${missing}` : ''}`, () => {
  const root = join(dir, 'root');
  const theirs = join(root, 'home/ann');
  const authorized = join(theirs, '.ssh/authorized_keys');
  const rootsKeys = join(root, 'etc/ssh/keys/ann');
  const hostKey = freshKeys();
  /** How many were answered. */
  let passwords = 0;
  const clients = new Set<object>();
  /** Whether it asks for a password and a code, as PAM does. */
  let asksTwice = false;
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    clients.add(client);
    let isOpen = false;
    client.on('error', () => {}).on('close', () => clients.delete(client));
    client.on('authentication', (ctx) => {
      if (ctx.method === 'password') {
        passwords++;
        return ctx.username === 'ann' && ctx.password === 'right'
          ? ctx.accept()
          : ctx.reject(['publickey', 'password']);
      }
      const ways = [
        'publickey' as const,
        asksTwice ? ('keyboard-interactive' as const) : ('password' as const),
      ];
      if (ctx.method === 'keyboard-interactive' && asksTwice)
        return ctx.prompt(
          [
            { prompt: 'Password: ', echo: false },
            { prompt: 'Code: ', echo: false },
          ],
          (answers) => {
            passwords += answers.length;
            if (answers.every((each) => each === 'right')) ctx.accept();
            else ctx.reject(ways);
          },
        );
      const files = [authorized, rootsKeys].filter((file) => existsSync(file));
      const lines = files.map((file) => readFileSync(file, 'utf8')).join('');
      const isKnown = ctx.method === 'publickey' && lines.includes(ctx.key.data.toString('base64'));
      return isKnown ? ctx.accept() : ctx.reject(ways);
    });
    client.on('session', (accept, reject) => {
      if (isOpen) return reject();
      isOpen = true;
      const session = accept();
      // One that has ended counts for a moment, as at sshd.
      session.on('close', () => {
        setTimeout(() => {
          isOpen = false;
        }, 300);
      });
      let words = ['sh', '-c'];
      session.on('pty', (allow) => {
        words = ['script', '-qefc'];
        allow();
      });
      session.on('exec', (take, _, { command }) => {
        const channel = take();
        const env = {
          PATH: `${join(root, 'fakes')}:${process.env.PATH}`,
          ...{ HOME: theirs, TMPDIR: theirs, ROOT: root },
        };
        const [program = '', ...args] = [...words, command, ...(words[0] === 'script' ? ['/dev/null'] : [])];
        const child = spawn(program, args, { env });
        channel.pipe(child.stdin);
        child.stdin.on('error', () => {});
        child.stdout.on('data', (part) => channel.write(part));
        child.stderr.on('data', (part) => channel.stderr.write(part));
        child.on('close', (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
        channel.on('close', () => child.kill());
      });
    });
  });
  const blob = hostKey.public.getPublicSSH();
  const print = fingerprintOf(blob);
  const settings = ['pubkeyauthentication yes'];
  const sshdSays = (keys = '.ssh/authorized_keys', ...more: readonly string[]) =>
    script(
      join(root, 'usr/sbin/sshd'),
      `printf '%s\\n' '${[...settings, `authorizedkeysfile ${keys}`, ...more].join("' '")}'`,
    );
  const asking = {
    ...bed.env,
    ...{ SSH_AUTH_SOCK: undefined, XDG_RUNTIME_DIR: '' },
    SSH_ASKPASS_REQUIRE: 'force',
    SSH_ASKPASS: join(bin, 'ask'),
  };
  const onTty = { ...asking, NO_COLOR: '1', SSH_ASKPASS: undefined, SSH_ASKPASS_REQUIRE: undefined };
  const setup = (args: readonly string[], env: NodeJS.ProcessEnv = asking) =>
    run([...vmssh, 'setup', '-v', ...args], { env, detached: true });
  /** What is typed where ssh asks about a host key, and for a password. */
  const answer = (text: string, ofKey = 'yes') =>
    program(
      'ask',
      `echo "$1" >>'${dir}/asked'; case $1 in *fingerprint*) echo '${ofKey}' ;; *) echo '${text}' ;; esac`,
    );
  const asked = () => (existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8') : '');
  const inTurn =
    (...texts: string[]) =>
    (type: (text: string) => void) =>
      type(texts.shift() ?? '');
  const asks = /(?:password(?: for ann)?: |\(yes\/no\/\[fingerprint\]\)\? )$/;
  /** What ssh kept as the user said yes stays his. */
  const forget = async (name = 'mint', env: NodeJS.ProcessEnv = asking) => {
    expect(await run([...vmssh, 'forget', name], { env })).toMatchObject({ code: 0 });
    for (const name of ['vmssh_known_hosts', 'vmssh_known_hosts.new']) {
      const file = join(home, '.ssh', name);
      // A note of whose key was shown is no key.
      expect(existsSync(file) ? readFileSync(file, 'utf8') : '').not.toMatch(/^[^#\n]/m);
      rmSync(file, { force: true });
    }
  };
  const trees = () => [treeOf(root), treeOf(join(home, '.ssh'))];

  beforeAll(async () => {
    await once(server.listen(join(dir, 'mint.sock')), 'listening');
    const address = `unix${join(dir, 'mint.sock')}`;
    source([program('machines', listing({ name: 'mint', status: 'running', address }))]);
    program('ssh', `exec ${findProgram('ssh')} -F ${home}/.ssh/config "$@"`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, '.ssh/id_ed25519')]);
    writeFileSync(join(home, '.ssh/config'), '');
    writeTree(root, {
      'bin/sh': '#!/bin/sh\n',
      'fakes/id': '#!/bin/sh\n[ "$1" = -u ] && echo $((FAKE_UID + 1000)) || echo ann\n',
      'fakes/sh':
        '#!/bin/sh\ncase $1 in -s) shift ;; -*) exec /bin/sh "$@" ;; esac\nsed "s#^R=\'\'#R=\'$ROOT\'#" "$@" | exec /bin/sh -s\n',
      'fakes/runuser': '#!/bin/sh\nshift 3; FAKE_UID=0 exec "$@"\n',
      // It asks as sudo does, on its terminal.
      'fakes/sudo': `#!/bin/sh
if [ "$1" = -n ] && [ ! -e "$ROOT/asks-nothing" ]; then echo 'sudo: a password is required' >&2; exit 1; fi
[ "$1" = -n ] && shift && FAKE_UID=-1000 SUDO_USER=ann exec "$@"
trap 'echo "sudo: a password is required" >&2; exit 1' INT
for _ in 1 2 3; do
  { stty -echo; printf '[sudo] password for ann: '; IFS= read -r answer; stty echo; echo; } </dev/tty >/dev/tty || exit 1
  [ "$answer" = right ] && FAKE_UID=-1000 SUDO_USER=ann exec "$@"
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2; exit 1
`,
      // Whose each file is: all but the home is root's.
      'fakes/find':
        '#!/bin/sh\ncase "$*" in *"-user root"*) case $1 in */home/ann*) ;; *) echo x ;; esac ;; *-perm*) ;; *"-user ann"*) echo x ;; *) case $2 in */home/ann*) ;; *) echo x ;; esac ;; esac\n',
      'fakes/getent': '#!/bin/sh\n[ "$1 $2" = "passwd ann" ] && echo ann:x:1000:1000::/home/ann:/bin/sh\n',
    });
    for (const folder of [
      theirs,
      ...['usr/sbin', 'var/lib', 'run', 'etc/ssh'].map((each) => join(root, each)),
    ])
      mkdirSync(folder, { recursive: true });
  });
  beforeEach(() => {
    passwords = 0;
    rmSync(join(dir, 'asked'), { force: true });
    sshdSays();
    answer('right');
  });
  afterAll(() => void server.close());

  it('is what a login that is refused at first is told, and only then', async () => {
    const once = ['-o', 'NumberOfPasswordPrompts=1', '-o', 'StrictHostKeyChecking=accept-new'];
    const ssh = (typed: string) =>
      onTerminal([...vmssh, 'ssh', ...once, 'ann@mint', 'exit 255'], asks, typed, onTty);
    const says = /fix: .*setup --user ann mine\/mint\r\n$/;
    const first = await ssh('wrong\n');
    expect(first, first.stdout).toMatchObject({ code: 255, stdout: expect.stringMatching(says) });
    const second = await ssh('right\n');
    expect(second, second.stdout).toMatchObject({ code: 255, stdout: expect.not.stringMatching(says) });
    await forget();
  });

  it('waits for no agent that does not answer', async () => {
    const agent = join(dir, 'silent');
    await startAgent(agent, 'hangs', join(home, '.ssh/id_ed25519.pub'));
    const { code, stdout } = await setup(['--user', 'ann', 'mint'], { ...asking, SSH_AUTH_SOCK: agent });
    expect(stdout).toMatch(
      /✗ inside +the ssh-agent at \S+\/silent does not answer, and ssh would wait for it\n +fix: unlock the agent/,
    );
    expect(code).toBe(1);
  });

  it('shows its plan, and asks for nothing before it', async () => {
    const before = trees();
    const { code, stdout } = await setup(['--dry-run', '--user', 'ann', 'mint']);
    expect(stdout).toMatch(
      /✓ host-key +the connection shows ssh-ed25519 (SHA256:\S+), and nobody here can confirm it: ssh decides/,
    );
    expect(stdout).toContain(print);
    expect(stdout).toMatch(
      /✓ account +ann\n.*✓ inside +by a login over unix:\/.*, with the rights of ann: ssh will ask about its host key, and then for the password of ann once\n/,
    );
    expect(stdout).toMatch(
      /\+ key +the key goes where this sshd reads those of ann, by sudo if only root may write there: /,
    );
    expect({ code, asked: asked(), passwords }).toEqual({ code: 1, asked: '', passwords: 0 });
    expect(trees()).toEqual(before);
  });

  it.each([
    {
      what: 'ssh cannot ask about its host key',
      env: { SSH_ASKPASS_REQUIRE: 'never' },
      want: /✗ host-key .*Host key verification failed\.\n +fix: .*ssh-keygen -lf .*--user ann --host-key SHA256:\.\.\. mine\/mint\n/,
    },
    {
      what: 'ssh cannot ask for the password',
      env: { SSH_ASKPASS_REQUIRE: 'never' },
      args: ['--host-key', print],
      want: /✗ inside +ssh cannot ask for a password here, .*Permission denied[\s\S]*fix: run it in a terminal\n/,
    },
    {
      what: 'ssh is told StrictHostKeyChecking yes',
      config: 'StrictHostKeyChecking yes\n',
      want: /✗ host-key .*Host key verification failed\.\n +fix: .*ssh-keygen -lf .*--user ann --host-key SHA256:\.\.\. mine\/mint\n/,
    },
    {
      what: 'the answer about its host key is no',
      ofKey: 'no',
      want: /✗ host-key .*Host key verification failed\.\n +fix: /,
    },
    {
      what: 'the console shows another host key',
      args: ['--host-key', `SHA256:${'A'.repeat(43)}`],
      want: /✗ host-key +the connection shows ssh-ed25519 SHA256:\S+, not SHA256:AAA/,
    },
    {
      what: 'only its manager may go in',
      args: ['--by', 'exec'],
      want: /✗ inside +mine starts no program as root in "mint" for this user/,
    },
  ])(
    'changes nothing, and sends no password, if $what',
    async ({ env = {}, args = [], config = '', ofKey, want }) => {
      writeFileSync(join(home, '.ssh/config'), config);
      answer('right', ofKey);
      const before = trees();
      const { code, stdout } = await setup(['--yes', '--user', 'ann', ...args, 'mint'], {
        ...asking,
        ...env,
      });
      expect(stdout).toMatch(want);
      expect({ code, passwords }).toEqual({ code: 1, passwords: 0 });
      await forget();
      expect(trees()).toEqual(before);
      writeFileSync(join(home, '.ssh/config'), '');
    },
  );

  it.skipIf(lacks('script')).each([
    ['about the host key', ['\x03']],
    ['for the password', ['yes\n', '\x03']],
  ])('leaves nothing after Ctrl-C at the question %s', async (_, texts) => {
    const before = trees();
    const command = [...vmssh, 'setup', '-v', '--yes', '--user', 'ann', 'mint'];
    const { code, stdout } = await onTerminal(command, asks, inTurn(...texts), onTty);
    expect({ code, passwords }, stdout).toEqual({ code: 130, passwords: 0 });
    await forget();
    expect(trees()).toEqual(before);
  });

  it.skipIf(lacks('script')).each([
    ['ssh', 0],
    ['sudo', 1],
  ])('leaves no ssh and no socket behind if it is killed at the question of %s', async (_, answered) => {
    sshdSays('/etc/ssh/keys/%u');
    const before = trees();
    // The terminal is that of a shell which goes on.
    const inShell = `echo $$ >'${dir}/pid'; exec ${vmsshWords} setup --yes --user ann mint`;
    const state = join(home, '.local/state/vmssh');
    const sockets = () =>
      readdirSync(state, { recursive: true }).filter((path) => `${path}`.endsWith('/ssh'));
    let questions = 0;
    const kill = (type: (text: string) => void) => {
      if (questions++ === 0) return type('yes\n');
      if (questions <= answered + 1) return type('right\n');
      process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGKILL');
      const gone = expect.poll(() => [clients.size, sockets()], { timeout: 50_000 }).toEqual([0, []]);
      void gone.then(() => type('\n'));
    };
    const shell = ['sh', '-c', `sh -c "$0"; read -r _`, inShell];
    const { code } = await onTerminal(shell, asks, kill, onTty);
    await forget();
    expect({ code, passwords, left: trees() }).toEqual({ code: 0, passwords: answered, left: before });
  });

  it('leaves nothing after three wrong passwords', async () => {
    const before = trees();
    answer('wrong');
    const { code, stdout, stderr } = await setup(['--yes', '--user', 'ann', 'mint']);
    expect(stderr).toMatch(/^\| Permission denied, please try again\.\n/m);
    expect(stdout).toMatch(/✗ inside +the script did not run there: Permission denied/);
    const questions = asked().match(/password: $/gm)?.length;
    expect({ code, passwords, questions }).toEqual({ code: 1, passwords: 3, questions: 3 });
    await forget();
    expect(trees()).toEqual(before);
  });

  it.each([
    {
      what: 'another host key stands in its files',
      says: ['hostkey /etc/ssh/key'],
      files: { 'etc/ssh/key.pub': 'ssh-ed25519 AAAA root@mint\n' },
      args: ['--host-key', print],
      want: /✗ host-key +sshd has another ssh-ed25519 key than the connection showed, in \/etc\/ssh\/key\.pub/,
    },
    {
      what: 'its keys are in a folder of root’s, and sudo cannot ask',
      says: [],
      keys: '/etc/ssh/keys/%u',
      want: /✗ inside +the script did not run there: sudo: a password is required\n +fix: .*run this in a terminal/,
    },
    {
      what: 'a command is forced',
      says: ['forcecommand internal-sftp'],
      want: /✗ login .*makes sshd run only this for ann: internal-sftp/,
    },
  ])('changes nothing there if $what', async ({ says, files = {}, args = [], keys, want }) => {
    writeTree(root, files);
    sshdSays(keys, ...says);
    const before = treeOf(root);
    const { code, stdout } = await setup(['--yes', '--user', 'ann', ...args, 'mint']);
    expect(stdout).toMatch(want);
    expect({ code, passwords }).toEqual({ code: 1, passwords: 1 });
    await forget();
    expect(treeOf(root)).toEqual(before);
  });

  describe.skipIf(lacks('script'))('by sudo, where only root may write', () => {
    const command = [...vmssh, 'setup', '-v', '--yes', '--user', 'ann', 'mint'];
    beforeEach(() => {
      sshdSays('/etc/ssh/keys/%u');
      writeFileSync(join(home, '.ssh/known_hosts'), '');
    });
    afterEach(() => forget());

    it.each([
      ['wrong passwords', 'wrong', 1, /sudo: 3 incorrect password attempts/],
      [
        'Ctrl-C at its question',
        '\x03',
        1,
        /✗ inside +the script did not run there: sudo ended at its question/,
      ],
    ])('changes nothing after %s', async (_, typed, want, says) => {
      const before = trees();
      const typing = inTurn('yes\n', 'right\n', ...Array(3).fill(`${typed}\n`));
      const { code, stdout } = await onTerminal(command, asks, typing, onTty);
      expect(stdout).toMatch(says);
      expect({ code, passwords }, stdout).toEqual({ code: want, passwords: 1 });
      await forget();
      expect(trees()).toEqual(before);
    });

    it('needs no terminal if sudo asks nothing', async () => {
      writeFileSync(join(root, 'asks-nothing'), '');
      const before = trees();
      const done = await setup(['--yes', '--user', 'ann', 'mint']);
      expect({ code: done.code, passwords }, done.stdout).toEqual({ code: 0, passwords: 1 });
      expect(done.stdout).toMatch(/\+ key +1 put into \/etc\/ssh\/keys\/ann of ann\n/);
      const undone = await setup(['--undo', '--yes', 'mint']);
      expect({ code: undone.code, passwords }, undone.stdout).toEqual({ code: 0, passwords: 1 });
      await forget();
      expect(trees()).toEqual(before);
      rmSync(join(root, 'asks-nothing'));
    });

    it('asks once for each, sets up, and takes it back, whatever ControlMaster says, and where a path is too long for a socket', async () => {
      writeFileSync(join(home, '.ssh/config'), 'Host *\n  ControlMaster yes\n');
      const before = trees();
      const XDG_STATE_HOME = join(dir, 's'.repeat(70));
      const longTty = { ...onTty, XDG_STATE_HOME };
      const typing = inTurn('yes\n', 'right\n', 'right\n');
      const { code, stdout } = await onTerminal(command, asks, typing, longTty);
      expect({ code, passwords }, stdout).toEqual({ code: 0, passwords: 1 });
      expect(stdout).toMatch(/\nann@mine\/mint asks:\r+\n\| \[sudo\] password for ann: /);
      expect(stdout).toMatch(/\+ key +1 put into \/etc\/ssh\/keys\/ann of ann\r\n/);
      expect(stdout).toMatch(/✓ sudo +by sudo, as root\r\n/);
      expect(existsSync(join(theirs, '.local'))).toBe(false);
      const never = { ...asking, XDG_STATE_HOME, SSH_ASKPASS_REQUIRE: 'never' };
      const again = await setup(['--dry-run', 'mint'], never);
      expect(again, again.stdout).toMatchObject({ code: 0 });
      const undo = [...vmssh, 'setup', '-v', '--undo', '--yes', 'mint'];
      const undone = await onTerminal(undo, asks, 'right', longTty);
      expect({ code: undone.code, passwords }, undone.stdout).toEqual({ code: 0, passwords: 1 });
      await forget('mint', { ...asking, XDG_STATE_HOME });
      expect(trees()).toEqual(before);
      writeFileSync(join(home, '.ssh/config'), '');
    });
  });

  it('has an agent that asks for each signature asked once, and twice where it is set up', async () => {
    const [key, away] = [join(home, '.ssh/id_ed25519'), join(dir, 'away')];
    const before = trees();
    const { socket, signatures } = await agentWith(key, mkdtempSync(join(dir, 'agent-')));
    renameSync(key, away);
    const env = { ...asking, SSH_AUTH_SOCK: socket };
    for (const signs of [1, 2]) {
      const { code, stdout } = await setup(['--yes', '--user', 'ann', 'mint'], env);
      expect({ code, passwords, signs: signatures() }, stdout).toEqual({ code: 0, passwords: 1, signs });
    }
    const undone = await setup(['--undo', '--yes', 'mint'], env);
    expect({ code: undone.code, passwords }, undone.stdout).toEqual({ code: 0, passwords: 1 });
    renameSync(away, key);
    await forget();
    expect(trees()).toEqual(before);
  });

  describe.each([
    ['one password', 1, []],
    ["a password and a code of PAM's", 2, ['--host-key', print]],
  ])('with %s, one after the other', (_, questions, told) => {
    let before: ReturnType<typeof trees>;
    beforeAll(() => {
      asksTwice = questions === 2;
    });
    it('is asked for once, then ssh', async () => {
      before = trees();
      const { code, stdout } = await setup(['--yes', '--user', 'ann', ...told, 'mint']);
      expect({ code, passwords }, stdout).toEqual({ code: 0, passwords: questions });
      expect(asked().match(/fingerprint\]\)\? $/gm)?.length ?? 0).toBe(told.length === 0 ? 1 : 0);
      expect(stdout).toMatch(/\+ key +1 put into \/home\/ann\/\.ssh\/authorized_keys of ann\n/);
      const pinned = /\+ host-key +ssh-ed25519 SHA256:\S+ is pinned, as the connection showed it\n/;
      expect(pinned.test(stdout)).toBe(told.length > 0);
      expect(stdout).toMatch(/✓ login +ssh mint is ann, by .*; its host key is ssh-ed25519 SHA256:/);
      const strict = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'];
      expect(await run(['ssh', ...strict, 'mint', 'true'], { env: asking })).toMatchObject({ code: 0 });
    });

    it('again: nothing is to be done, and nothing is asked', async () => {
      const { code, stdout } = await setup(['--dry-run', 'mint'], {
        ...asking,
        SSH_ASKPASS_REQUIRE: 'never',
      });
      expect(stdout).toMatch(/✓ key +ann has the key already/);
      expect({ code, passwords }).toEqual({ code: 0, passwords: 0 });
    });

    it('undone: files and modes are what they were', async () => {
      const { code, stdout } = await setup(['--undo', '--yes', 'mint']);
      expect(stdout).toMatch(/\+ undo +what setup did for ann is taken back, by a login as ann\n/);
      expect({ code, passwords }, stdout).toEqual({ code: 0, passwords: 0 });
      if (told.length === 0) await forget();
      expect(trees()).toEqual(before);
      expect(Object.keys(treeOf(join(home, '.local')))).toEqual(['state']);
    });
  });

  describe('behind a hypervisor', () => {
    const hv = useHypervisors({ hv1: { programs: { cat: findProgram('cat') ?? '' } } });
    it('is set up by one login, through that one of its own, and taken back', async () => {
      asksTwice = false;
      const { home: there = '', port = 0 } = hv.hosts.hv1 ?? {};
      giveVmssh(hv, there);
      const address = `unix${join(dir, 'mint.sock')}`;
      const machines = join(hv.dir, 'machines');
      script(machines, listing({ name: 'far', status: 'running', address }));
      const sources = { version: 1, sources: { mine: { command: [machines] } } };
      writeTree(there, { '.config/vmssh/sources.json': JSON.stringify(sources) });
      const before = treeOf(root);
      writeFileSync(join(home, '.ssh/config'), hypervisorHosts(hv.dir, { hv1: port }));
      const installed = await run([...vmssh, 'config', 'install', '--via', 'hv1'], { env: asking });
      expect(installed, installed.stderr).toMatchObject({ code: 0 });
      const done = await setup(['--yes', '--user', 'ann', 'far.hv1']);
      expect({ code: done.code, passwords }, done.stdout + done.stderr).toEqual({ code: 0, passwords: 1 });
      expect(done.stdout).toMatch(/✓ login +ssh far\.hv1 is ann, by /);
      const undone = await setup(['--undo', '--yes', 'far.hv1']);
      expect({ code: undone.code, passwords }, undone.stdout).toEqual({ code: 0, passwords: 1 });
      expect(treeOf(root)).toEqual(before);
      expect(readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8')).not.toContain('User ann');
    });
  });
});
