import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { otherUser } from '../../helpers/other-user.js';
import { run, vmssh } from '../../helpers/run.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';
import {
  agentCases,
  deviceCases,
  refuses,
  standInVirsh,
  type VirshCase,
} from '../../sources/libvirt/stand-in.js';

const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';
const noAgent = 'error: Guest agent is not responding: QEMU guest agent is not connected';
const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'I'.repeat(44)} ann@host`;

// virsh is a stand-in, whose agent runs the script in a folder in place of the machine's root. It is never root's: root has no session.
describe('vmssh setup of a VM of libvirt', () => {
  const dir = useTempDir();
  const [bin, root, log] = [join(dir, 'bin'), join(dir, 'root'), join(dir, 'log')];
  const dmi = 'sys/class/dmi/id/product_uuid';
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: dir,
    XDG_RUNTIME_DIR: join(dir, 'runtime'),
    XDG_STATE_HOME: join(dir, 'state'),
  };
  beforeAll(() => {
    for (const folder of [
      ...['runtime/libvirt', 'root/usr/sbin', 'root/etc/ssh', 'root/home', 'fakes', 'bin', 'state'],
      'root/sys/class/dmi/id',
    ])
      mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, 'runtime/libvirt/libvirt-sock'), '');
    writeFileSync(join(dir, 'key.pub'), `${key}\n`);
    writeFileSync(join(root, dmi), `${uuid.toUpperCase()}\n`);
    script(join(root, 'usr/sbin/sshd'), 'exit 0');
    const fakes = {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: for sh
      id: '[ "$1" = -u ] && echo "${AS:+100}0" || echo "${AS:-root}"',
      runuser: 'shift 3; AS=ann exec "$@"',
      getent: `echo 'ann:x:1000:1000::/home:/bin/sh'`,
    };
    for (const [name, does] of Object.entries(fakes)) script(join(dir, 'fakes', name), does);
    script(join(dir, 'inside'), `sed "s#^R=''#R='${root}'#" | PATH='${dir}/fakes':$PATH exec /bin/sh -s`);
    chownAll(dir);
  });
  const { uid, gid } = { ...userInfo(), ...otherUser };
  const chownAll = (folder: string) => {
    for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      chownSync(join(folder, name), uid, gid);
  };

  const setup = (cases: readonly VirshCase[], ...args: readonly string[]) => {
    const device = "<devices><vsock model='virtio'><cid auto='yes' address='424242'/></vsock></devices>";
    standInVirsh(bin, log, [
      ...cases,
      ['*" list "*', `printf '${uuid}\\n==vmssh==\\n==vmssh==\\n'`],
      [
        '*dumpxml*',
        `echo "<domain type='kvm' id='3'><name>mint</name><uuid>${uuid}</uuid>${device}</domain>"`,
      ],
    ]);
    const more = args[0] === 'setup' ? ['-v'] : [];
    return run([...vmssh, ...args, ...more], { env, ...otherUser });
  };
  const planned = ['setup', '--dry-run', '--no-config', '--key', join(dir, 'key.pub'), 'qemu/mint'];
  const steps = (text: string) =>
    [...text.matchAll(/^ {2}(.) (\S+)/gm)].map(([, mark, step]) => `${mark} ${step}`);

  it('goes in by its agent, and shows its plan', async () => {
    const { code, stdout, stderr } = await setup(agentCases(dir, join(dir, 'inside')), ...planned);
    expect(stderr).toBe('');
    expect(steps(stdout)).toEqual([
      ...['✓ way', '✓ inside', '✓ account', '+ key', '+ sshd', '– host-key', '– config'],
    ]);
    expect(stdout).toMatch(/✓ inside +as root, by its guest agent\n.*✓ account +ann: --user names another\n/);
    expect(code).toBe(1);
  });

  const turned = '67510583-134a-b10e-c290-e328df73ee72';
  it.each([
    { what: 'of older firmware, turned round', says: turned, want: /✓ inside/ },
    {
      what: 'of another domain with the same socket',
      says: '11111111-2222-4333-8444-555555555555',
      want: /✗ inside +another machine answers: its UUID is 11111111-\S+, not 83055167-.*; by a login instead: .*setup --by login .*\n +fix: .*virsh edit\n/,
    },
    {
      what: 'that is none',
      says: 'Not Settable',
      want: /✗ inside +it cannot be told which .*\n +fix, if it is the right one: .*--unproved qemu\/mint\n/,
    },
    { what: 'that is none, with --unproved', says: 'x', more: ['--unproved'], want: /✓ inside/ },
  ])('asks the machine for its UUID: one $what', async ({ says, want, more = [] }) => {
    writeFileSync(join(root, dmi), `${says}\n`);
    const cases = agentCases(dir, join(dir, 'inside'));
    const { stdout } = await setup(cases, ...planned.slice(0, 1), ...more, ...planned.slice(1));
    writeFileSync(join(root, dmi), `${uuid}\n`);
    expect(stdout).toMatch(want);
  });

  it.each([
    {
      says: "error: internal error: unable to execute QEMU agent command 'guest-exec': Command guest-exec has been disabled: the command is not allowed",
      want: /✗ inside +its guest agent may not run programs; allow guest-exec .*\n +fix: type on its console, as root: mkdir -pm700 ~\/\.ssh; echo 'ssh-ed25519 AAAA\S+' >>~\/\.ssh\/authorized_keys; systemctl daemon-reload; systemctl start sshd-vsock\.socket\n/,
    },
    {
      says: noAgent,
      want: /✗ inside +no guest agent runs in it; .*\n +fix: type on its console, as root: mkdir /,
    },
  ])('changes nothing, and says what to do: $says', async ({ says, want }) => {
    const { code, stdout } = await setup([['*agent*', refuses(says)]], ...planned);
    expect(stdout).toMatch(want);
    expect(code).toBe(1);
  });

  it('takes its device back without an agent', async () => {
    for (const name of ['live', 'config'])
      writeFileSync(join(dir, name), "<vsock><alias name='ua-vmssh'/></vsock>");
    const cases = [['*agent*', refuses(noAgent)] as const, ...deviceCases(dir)];
    const { code, stdout } = await setup(cases, 'setup', '--undo', '--all', '--yes', 'mint');
    const done = ['– undo', '+ device', '✓ config'];
    expect(steps(stdout)).toEqual([...done, ...done]);
    expect([existsSync(join(dir, 'live')), existsSync(join(dir, 'config'))]).toEqual([false, false]);
    expect(code).toBe(0);
  });

  it('takes back what a login of the account did, with its rights, and nothing of another machine', async () => {
    const made = join(root, 'home/made');
    const login = { uuid, user: 'ann', byLogin: true };
    const mint = { name: 'mint', target: 'qemu/mint', provider: 'libvirt', uuid, login };
    const hosts = { version: 2, options: {}, program: ['vmssh'], machines: [mint] };
    const [journal, kept] = [join(root, 'home/.local/state/vmssh/setup'), join(dir, 'state/vmssh')];
    for (const folder of [made, journal, kept]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(journal, 'done'), `made-by\tann\t${made}\t\n`);
    writeFileSync(join(kept, 'hosts.json'), JSON.stringify(hosts));
    for (const path of [root, kept]) chownAll(path);
    const cases = [...agentCases(dir, join(dir, 'inside')), ...deviceCases(dir)];
    const undo = () => setup(cases, 'setup', '--undo', '--all', '--by', 'exec', '--yes', 'mint');
    writeFileSync(join(root, dmi), '11111111-2222-4333-8444-555555555555\n');
    const other = await undo();
    expect([other.code, other.stdout]).toEqual([
      1,
      expect.stringMatching(/✗ inside +another machine answers/),
    ]);
    // Nor does any other command that an agent runs.
    for (const command of ['install', 'install --undo', 'off', 'check']) {
      const { code, stdout, stderr } = await setup(
        cases,
        'guest',
        ...command.split(' '),
        '--by',
        'exec',
        'qemu/mint',
      );
      expect([command, code, `${stdout}${stderr}`]).toEqual([
        command,
        1,
        expect.stringMatching(/another machine answers: its UUID is 11111111-\S+, not 83055167-/),
      ]);
    }
    expect(existsSync(made)).toBe(true);
    writeFileSync(join(root, dmi), `${uuid}\n`);
    const { stdout } = await undo();
    expect(stdout).toContain(`+ undo           ${made} removed\n`);
    expect([existsSync(made), existsSync(journal)]).toEqual([false, false]);
  });

  it('takes nothing back in a machine that is off, and says how to start it', async () => {
    const off = `echo "<domain type='kvm'><name>mint</name><uuid>${uuid}</uuid></domain>"`;
    const { code, stdout } = await setup([['*dumpxml*', off]], 'setup', '--undo', '--yes', 'mint');
    expect(stdout).toMatch(
      /^mint\n {2}✗ way +it is off\n +fix: virsh .*start mint\n\nNothing was changed\n$/,
    );
    expect(code).toBe(1);
  });

  it('no secret is in a command line: TCP is not closed by an agent', async () => {
    const { code, stderr } = await setup([], 'guest', 'install', '--by', 'exec', '--only-vsock', 'mint');
    expect(stderr).toMatch(/its guest agent is no way to prove the new route/);
    expect(code).toBe(2);
  });
});
