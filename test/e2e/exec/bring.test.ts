import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { shellLine } from '../../../src/typed/shell.js';
import { type Container, type ContainerMade, makeContainer } from '../../connect/exec/container.js';
import { ended, ends, printing, saying } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { findProgram, lacks, missingBrought, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useIncus } from '../../helpers/sockets/peers.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'rsync', 'script') ?? missingBrought();
const missingGit = lacks('git');
const has = ['cat', 'chmod', 'head', 'id', 'mkdir', 'rm', 'uname'];
const { uid, gid } = userInfo();
// At least: nobody else writes to what it makes.
const umask = (process.umask() | 0o022).toString(8).padStart(4, '0');
const missingSetgid = missingRoot('logging in as another user') ?? missingPrograms({ setpriv: 'util-linux' });

describe.skipIf(missing)(`a container without an sshd${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  const home = join(dir, 'home');
  const config = { 'volatile.uuid': '22222222-2222-4333-8444-555555555555' };
  const env = {
    ...process.env,
    HOME: home,
    XDG_STATE_HOME: join(dir, 'state'),
    XDG_RUNTIME_DIR: join(dir, 'runtime'),
    INCUS_SOCKET: useIncus(dir, [{ name: 'web', type: 'container', status: 'Running', config }]),
  };
  let made = 0;

  /** One of Incus, and the environment in which vmssh and ssh run. */
  function container(how: Omit<ContainerMade, 'program'> & { passwd?: string } = {}): Container {
    const folder = join(dir, `${++made}`);
    mkdirSync(folder);
    const { passwd = `dev:x:${uid}:${gid}::${home}:/bin/sh\n`, ...others } = how;
    const one = makeContainer(folder, { program: 'incus', has, ...others });
    writeFileSync(join(one.root, 'etc/passwd'), passwd);
    return { ...one, env: { ...env, PATH: one.env.PATH } };
  }
  const call = (...words: readonly string[]) => [...vmssh, ...words];
  const login = (one: Container, ...words: readonly string[]) =>
    run(call('ssh', '--bring-sshd', '-F', 'none', ...words), { env: one.env });
  const all = () =>
    ['/run', '/dev/shm', '/tmp'].flatMap((folder) =>
      readdirSync(folder).filter((name) => name.startsWith('.vmssh-')),
    );

  // Those of a run that was stopped stay.
  let earlier: readonly string[] = [];
  const left = () => all().filter((name) => !earlier.includes(name));

  beforeAll(() => {
    earlier = all();
    mkdirSync(join(home, '.ssh'), { recursive: true });
    mkdirSync(join(dir, 'runtime'), { mode: 0o700 });
  });

  it('is logged in to as its own user, without a key, with its environment; nothing is left or kept', async () => {
    const one = container({ before: `export FOO='a "b" \\c $d' LINES2='x\ny'; export HOME=/proc/none` });
    expect(
      await login(one, 'incus/web', 'printf "%s\\n" "$USER $HOME $FOO-$LINES2"; id -u; umask; exit 7'),
    ).toMatchObject(ended(7, `dev ${home} a "b" \\c $d-\n${uid}\n${umask}\n`, ''));
    expect(
      readFileSync(join(dir, `${made}`, 'calls'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(1);
    await expect.poll(left).toEqual([]);
    expect(existsSync(join(home, '.ssh/vmssh_known_hosts'))).toBe(false);
  });

  it('is logged in to where no child can follow the name of the folder, as in gVisor', async () => {
    const before = `there=$(printf '%s' "$there" | sed 's#here=/proc/#&none/#')`;
    expect(await login(container({ before }), 'incus/web', 'echo in')).toMatchObject({ stdout: 'in\n' });
    await expect.poll(left).toEqual([]);
  });

  it('has a variable of fifty thousand quotes', async () => {
    const one = container({ before: `export BIG=$(/usr/bin/printf '%050000d' 0 | /usr/bin/tr 0 '"')` });
    const { code, stdout, stderr } = await login(one, 'incus/web', 'printf %s "$BIG"');
    expect({ code, stderr, isSame: stdout === '"'.repeat(50_000) }).toEqual({
      code: 0,
      stderr: '',
      isSame: true,
    });
    await expect.poll(left).toEqual([]);
  });

  it('has another key each time, which is no change', async () => {
    const one = container();
    for (const text of ['one', 'two'])
      expect(await login(one, 'incus/web', `echo ${text}`)).toMatchObject(ended(0, `${text}\n`, ''));
  });

  it('says that it is another machine than the name meant until now, and leaves what is known of that one', async () => {
    const file = join(home, '.ssh/vmssh_known_hosts');
    const known = `vmssh-11111111-2222-4333-8444-555555555555 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA incus%web\n`;
    writeFileSync(file, known, { mode: 0o600 });
    onTestFinished(() => rmSync(file));
    expect(await login(container(), 'incus/web', 'true')).toMatchObject(
      saying(0, /^vmssh: incus\/web is a different machine than before.*\nhint: if you expected this: .*\n$/),
    );
    expect(readFileSync(file, 'utf8')).toBe(known);
    await expect.poll(left).toEqual([]);
  });

  it('by the Hosts of config install, and not without that setting', async () => {
    const one = container();
    const install = (option: string) =>
      run(call('config', 'install', '--no-fresh', option), { env: one.env });
    const ssh = () =>
      run(['ssh', '-F', join(home, '.ssh/config'), '-o', 'BatchMode=yes', 'web', 'echo $USER'], {
        env: one.env,
      });
    expect(await install('--bring-sshd')).toMatchObject({ code: 0 });
    expect(await ssh()).toMatchObject({ code: 0, stdout: 'dev\n', stderr: '' });
    expect(await install('--no-bring-sshd')).toMatchObject({ code: 0 });
    expect(await ssh()).toMatchObject(saying(255, /hint: .* --install-sshd incus\/web\n/));
  });

  it('is set up for plain ssh by vmssh setup, which also takes it back where no script runs', async () => {
    const one = container();
    const own = join(dir, 'own');
    mkdirSync(join(own, '.ssh'), { recursive: true });
    const env = { ...one.env, HOME: own, XDG_STATE_HOME: join(own, 'state') };
    const setup = (...words: readonly string[]) => run(call('setup', '-v', ...words, 'incus/web'), { env });
    const ssh = (...words: readonly string[]) => run([...words, 'web', 'echo $USER'], { env });
    const planned = await setup('--dry-run', '--bring-sshd');
    expect(planned).toMatchObject({ code: 1, stderr: '' });
    expect(planned.stdout).toMatch(
      /✓ sshd +there is none: each login brings one.*\n.*\n +\+ config +Host web: each login brings an sshd; in .*\n/,
    );
    expect(readdirSync(join(own, '.ssh'))).toEqual([]);
    const done = await setup('--yes', '--bring-sshd');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain("ssh web is the machine's own user, by an sshd that was brought\n");
    // ssh reads its configuration in the home that passwd names.
    const config = join(own, '.ssh/config');
    const plain = ['ssh', '-F', config, '-o', 'BatchMode=yes'];
    expect(await ssh(...plain)).toMatchObject({ code: 0, stdout: 'dev\n', stderr: '' });
    expect(await ssh(...call('ssh', '-F', 'none'))).toMatchObject({ code: 0, stdout: 'dev\n' });
    for (const name of ['web', 'incus/web', 'incus%web']) {
      const { code, stdout } = await run(call('check', '-v', '--ssh-config', config, name), { env });
      expect(stdout).toMatch(
        /^✓ \S+: ssh logs in as the machine's own user \(.*\n(?:.*\n)*.*it has no sshd: its Host brings one\n/,
      );
      expect(code).toBe(0);
    }
    expect(await setup()).toMatchObject({ code: 0 });
    expect(await setup('--yes', '--bring-sshd', '--user', 'nobody-here')).toMatchObject(
      printing(
        1,
        /✗ login +ssh web: cannot connect .*\/passwd has no "nobody-here"\n +fix: leave the user out\n/,
      ),
    );
    const undone = await setup('--undo', '--yes');
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(undone.stdout).toContain('its Host brings no sshd any more\n');
    expect(readdirSync(join(own, '.ssh'))).toEqual([]);
    await expect.poll(left).toEqual([]);
  });

  it('has its own sshd started if there is one, even where one could be brought', async () => {
    const one = container();
    const own = "#!/bin/sh\nprintf 'SSH-2.0-own\\r\\n'; read -r line\n";
    writeFileSync(join(one.root, 'usr/sbin/sshd'), own, { mode: 0o755 });
    const { stderr } = await login(one, '-v', 'incus/web', 'true');
    expect(stderr).toContain('remote software version own');
  });

  it('a megabyte goes through, two at a time, by a pty of a size, sftp, scp and rsync', async () => {
    const one = container();
    const input = randomBytes(1_000_000).toString('base64');
    const cat = () =>
      run(call('ssh', '--bring-sshd', '-F', 'none', 'incus/web', 'cat'), { env: one.env, input });
    const both = await Promise.all([cat(), cat()]);
    expect(both.map(({ code, stdout }) => [code, stdout === input])).toEqual([
      [0, true],
      [0, true],
    ]);
    writeFileSync(join(dir, 'up'), input);
    const copy = (tool: string, ...words: readonly string[]) =>
      run(call(tool, '--bring-sshd', ...(tool === 'rsync' ? ['-a'] : ['-q']), join(dir, 'up'), ...words), {
        env: { ...one.env, PATH: `${one.env.PATH}` },
      });
    const to = (name: string) => join(dir, `to-${name}`);
    expect(await copy('scp', `incus/web:${to('scp')}`)).toMatchObject({ code: 0 });
    expect(readFileSync(to('scp'), 'utf8') === input).toBe(true);
    const full = container({ has: [...has, 'rsync'] });
    await ends(
      0,
      run(call('rsync', '--bring-sshd', '-a', join(dir, 'up'), `incus/web:${to('rsync')}`), {
        env: full.env,
      }),
    );
    expect(readFileSync(to('rsync'), 'utf8') === input).toBe(true);
    const list = await run(call('sftp', '--bring-sshd', '-b', '-', 'incus/web'), {
      env: one.env,
      input: `ls -1 ${to('scp')}\n`,
    });
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(to('scp')) });
    const sized = `stty rows 33 cols 99; ${shellLine(call('ssh', '--bring-sshd', '-F', 'none', '-tt', 'incus/web'))} /bin/stty size`;
    const tty = await run(['script', '-qec', sized, '/dev/null'], { env: one.env });
    expect(tty.stdout).toContain('33 99');
  });

  it('has the agent of this host only with -A', async () => {
    const one = container();
    const socket = join(dir, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    onTestFinished(() => void agent.kill());
    await expect.poll(() => existsSync(socket)).toBe(true);
    const own = { ...one, env: { ...one.env, SSH_AUTH_SOCK: socket } };
    const key = join(dir, 'agent-key');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'in the agent', '-f', key]);
    expect(await run(['ssh-add', '-q', key], { env: own.env })).toMatchObject({ code: 0 });
    const list = `echo "\${SSH_AUTH_SOCK:-none}"; ${findProgram('ssh-add')} -L`;
    expect(await login(own, 'incus/web', list)).toMatchObject({ stdout: 'none\n' });
    const forwarded = await login(own, '-A', 'incus/web', list);
    expect(forwarded).toMatchObject({ code: 0, stdout: expect.stringContaining(' in the agent\n') });
    await expect.poll(left).toEqual([]);
  });

  it.skipIf(missingGit)(`takes a git push${missingGit ? `: ${missingGit}` : ''}`, async () => {
    const one = container({ has: [...has, 'git', 'git-receive-pack'] });
    const [from, to] = [join(dir, 'from'), join(dir, 'to.git')];
    const git = (...words: readonly string[]) =>
      run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        env: {
          ...one.env,
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_SSH_COMMAND: shellLine(call('ssh', '--bring-sshd', '-F', 'none')),
          GIT_SSH_VARIANT: 'ssh',
        },
      });
    await git('init', '-q', '--bare', to);
    await git('init', '-q', from);
    await git('-C', from, 'commit', '-q', '--allow-empty', '-m', 'first');
    expect(await git('-C', from, 'push', '-q', `incus%web:${to}`, 'HEAD:main')).toMatchObject({ code: 0 });
    const pushed = await git('-C', to, 'log', '--format=%s', 'main');
    expect(pushed.stdout).toBe('first\n');
    await expect.poll(left).toEqual([]);
  });

  it('starts only what it has written, also where another one may rename its folder', async () => {
    const one = container({ has: has.filter((name) => name !== 'head') });
    const [moved, ran] = [join(one.root, 'moved'), join(one.root, 'ran')];
    const others = `each=$(/bin/readlink /proc/$$/fd/1)
each=\${each%/*}
if [ ! -e '${moved}' ] && /bin/mv "$each" "$each-moved" && /bin/mkdir "$each"; then
  echo "$each-moved" >'${moved}'
  for name in sshd sshd-session sshd-auth; do
    printf '#!/bin/sh\\n>%s\\n' '${ran}' >"$each/$name"
    /bin/chmod 755 "$each/$name"
  done
  echo 'other:x:${uid}:${gid}::/:/bin/sh' >"$each/passwd"
fi 2>/dev/null
exec '${findProgram('head')}' "$@"`;
    script(
      join(one.root, 'bin/head'),
      `[ "$1" = -c ] && [ "$2" != 65536 ] || exec '${findProgram('head')}' "$@"\n${others}`,
    );
    const { stdout } = await login(one, 'incus/web', 'echo $USER');
    const folder = readFileSync(moved, 'utf8').trim();
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    expect({ stdout, hasRun: existsSync(ran) }).toEqual({ stdout: 'dev\n', hasRun: false });
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });

  it.skipIf(missingSetgid)(
    `another user does not keep root's groups${missingSetgid ? `: ${missingSetgid}` : ''}`,
    async () => {
      const passwd = 'root:x:0:0::/:/bin/sh\napp:x:1500:0::/:/bin/sh\n';
      const without = '--groups=0,6 --bounding-set=-setgid --inh-caps=-setgid';
      const before = `PATH="\${0%/bin/*}/root/bin" exec ${findProgram('setpriv')} ${without} /bin/sh -c "$there" sh "$@"`;
      const one = container({ passwd, before });
      const as = (user: string) => login(one, `${user}@incus/web`, '/usr/bin/id -G');
      expect(await as('root')).toMatchObject({ code: 0, stdout: '0 6\n', stderr: '' });
      expect(await as('app')).toMatchObject({ code: 255, stdout: '' });
      await expect.poll(left).toEqual([]);
    },
  );

  it('nothing is left when ssh is killed', async () => {
    const one = container();
    const file = join(dir, 'killed');
    const remote = `echo $PPID $$ >'${file}'; exec /bin/sleep 1000`;
    const { stdout } = await run(
      call('ssh', '--bring-sshd', '--print-command', '-F', 'none', 'incus/web', remote),
      { env: one.env },
    );
    const kill = `exec 2>&1; ${stdout.trim()} & until [ -s '${file}' ]; do sleep 0.1; done; kill -KILL $!`;
    await run(['sh', '-c', kill], { env: one.env });
    const [pid, sleeping] = readFileSync(file, 'utf8').trim().split(' ');
    onTestFinished(() => void process.kill(Number(sleeping)));
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false);
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
  });

  it('removes what killed ones have left, and nothing of others', async () => {
    const mount = readFileSync('/proc/self/mountinfo', 'utf8').split(' ')[0];
    const started = (pid: number) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')[19];
    const own = `${process.pid} ${started(process.pid)} ${mount}\n`;
    const folders = [
      { is: 'gone', owner: `${process.pid} 1 ${mount}\n` },
      { is: 'one of two', owner: `${process.pid} 1 ${mount}\n${own}` },
      { is: 'there', owner: own },
      { is: 'of another container', owner: `${process.pid} 1 1${mount}\n` },
      { is: 'nobody knows whose', owner: '' },
      { is: 'no line of ours', owner: '* 1\n' },
    ].map(({ is, owner }, at) => {
      const folder = `/dev/shm/.vmssh-${String(at).repeat(16)}`;
      mkdirSync(folder, { mode: 0o700 });
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, 'owner'), owner);
      writeFileSync(join(folder, 'sshd'), '');
      return { is, folder };
    });
    const [gone] = folders;
    const link = '/dev/shm/.vmssh-ffffffffffffffff';
    symlinkSync(join(dir, 'linked'), link);
    onTestFinished(() => rmSync(link));
    mkdirSync(join(dir, 'linked'));
    writeFileSync(join(dir, 'linked/owner'), `${process.pid} 1 ${mount}\n`);
    const one = container({ has: [...has, 'rmdir'] });
    expect(await login(one, 'incus/web', 'true')).toMatchObject({ code: 0, stderr: '' });
    expect(folders.filter(({ folder }) => !existsSync(join(folder, 'sshd')))).toEqual([gone]);
    expect(existsSync(gone?.folder ?? '')).toBe(false);
    expect(existsSync(join(dir, 'linked/owner'))).toBe(true);
    if (gone) mkdirSync(gone.folder);
  });

  it.skipIf(missingSetgid)('names a limit of processes before ssh is let in', async () => {
    const before = `PATH=/usr/bin:/bin exec ${findProgram('prlimit')} --nproc=4:4 ${findProgram('setpriv')} --reuid=54329 --regid=54329 --clear-groups /bin/sh -c "$there" sh "$@"`;
    const one = container({ passwd: 'x:x:54329:54329::/:/bin/sh\n', before });
    const { code, stderr } = await login(one, 'incus/web', 'true');
    expect({ code, stderr }).toEqual(saying(255, 'is at its process limit'));
    expect(stderr).toContain('a higher --pids-limit');
    await expect.poll(left).toEqual([]);
  });

  it.each<[name: string, how: Partial<ContainerMade>, want: string, user?: string]>([
    ['a user who is not there', {}, 'its /etc/passwd has no "nobody-here"', 'nobody-here@'],
    ['a limit of the size of files', { before: 'ulimit -f 100' }, 'a limit for the size of its files is set'],
    ['too few programs', { has: ['head', 'uname', 'id', 'mkdir'] }, 'it lacks chmod rm'],
  ])('says what is wrong: $0', async (_name, how, want, user = '') => {
    const one = container(how);
    expect(
      await run(call('ssh', '--bring-sshd', '-F', 'none', `${user}incus/web`, 'true'), { env: one.env }),
    ).toMatchObject(saying(255, want));
    expect(left()).toEqual([]);
  });
});
