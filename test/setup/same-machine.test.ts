import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkTarget } from '../../src/checks/check-target.js';
import type { RawArgs } from '../../src/cli/command.js';
import { guestInstall } from '../../src/commands/guest/install.js';
import { install as installGuest } from '../../src/setup/install.js';
import { raw } from '../commands/guest/call.js';
import { fakeIo } from '../helpers/fake-io.js';
import { findProgram, lacks } from '../helpers/programs.js';
import { vmssh, vmsshWords } from '../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
const bin = join(dir, 'bin');
let root: string;
let count = 0;
let sshd: SshdOnSocket;

beforeAll(async () => {
  sshd = await startSshd(dir, 'other.sock');
});
afterAll(() => sshd?.close());

/**
 * Stands for ssh to two machines, which run what they are given, each in a root of its own: "web" is what was typed, "other"
 * what is reached by another route. The steps that change a system are left out.
 */
const ssh = `#!/bin/sh
case "$*" in
  -G* | '-v -G'*) exec ${findProgram('ssh')} "$@" ;;
  *PreferredAuthentications=none*) exec ${findProgram('ssh')} "$@" ;; # a handshake, with the real sshd
esac
case "$*" in
  *ProxyCommand*) machine=$(cat "$ROOT/reached") ;;
  *) machine=web ;;
esac
if [ "$machine" = nobody ]; then cat >/dev/null; echo 'Permission denied (publickey).' >&2; exit 255; fi
printf '%s\\n' "$@" >"$ROOT/$machine.args"
cat >"$ROOT/$machine.script"
steps='requirements() { :; }; somebody_did_it() { :; }; fix_hosts() { :; }; prove() { :; }; is_systemd() { :; }'
steps="$steps; close_tcp() { say changed only-vsock closed; echo yes >$ROOT/$machine/closed; }; cid_text() { echo '; the CID is 4242'; }"
sed -e "s|^R=''\\$|R='$ROOT/$machine'|" -e "\\$i $steps" "$ROOT/$machine.script" | sh -s
`;

beforeEach(() => {
  root = join(dir, `root${++count}`);
  for (const machine of ['web', 'other']) mkdirSync(join(root, machine, 'run'), { recursive: true });
  writeTree(bin, { ssh });
});

async function install(
  reached: 'web' | 'other' | 'nobody',
  options: RawArgs['options'],
  peer = '192.0.2.1 1 192.0.2.2 22',
) {
  writeFileSync(join(root, 'reached'), reached);

  const io = fakeIo({
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ROOT: root, SSH_CONNECTION: peer },
    self: vmssh,
  });
  // Whatever the target, a real sshd answers: nothing is asked over vsock.
  const check: typeof checkTarget = async (target, ...rest) => ({
    ...(await checkTarget(`unix/${sshd.path}`, ...rest)),
    target,
  });
  const parsed = guestInstall.parse(raw(options, 'ann@web'), io);
  const code = await installGuest(parsed, io, check);
  return { code, out: io.stdout.join(''), err: io.stderr.join('') };
}
const onlyVsock = { 'only-vsock': true } as const;
const target = (typed: boolean) => (typed ? { target: `unix/${sshd.path}` } : {});
const given = (name: string) => readFileSync(join(root, name), 'utf8');
const isClosed = (machine: string) => existsSync(join(root, machine, 'closed'));

const missing = lacks('sshd', 'ssh');

describe.skipIf(missing)('guest install continues only in the machine where it began', () => {
  it.each([
    { name: 'by the CID that the guest gave', typed: false },
    { name: 'by a target that was typed', typed: true },
  ])('$name', async ({ typed }) => {
    const { code, out, err } = await install('web', { ...target(typed), ...onlyVsock });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/✓ same-machine +.* is ann@web/);
    expect([isClosed('web'), isClosed('other')]).toEqual([true, false]);
    expect(existsSync(join(root, 'web/run/vmssh-proof'))).toBe(false);
  });

  it.each([
    { name: 'another CID', typed: false, only: {}, says: /reported a wrong CID/ },
    { name: 'another CID, --only-vsock', typed: false, only: onlyVsock, says: /wrong CID/ },
    { name: 'another target', typed: true, only: {}, says: /--target/ },
    { name: 'another target, --only-vsock', typed: true, only: onlyVsock, says: /--target/ },
  ])('$name: nothing is done there', async ({ typed, only, says }) => {
    const { code, out, err } = await install('other', { ...target(typed), ...only });
    expect(code).toBe(1);
    expect(err).toMatch(/is not ann@web: the proof that was left there is missing/);
    expect(err).toMatch(says);
    expect(out).not.toContain('Host ');
    expect([isClosed('web'), isClosed('other')]).toEqual([false, false]);
    expect(given('other.script')).not.toContain('set_up');
  });

  it("with --shared-home it puts a key into a home of this host's too", async () => {
    const key = join(dir, 'me.pub');
    writeTree(dir, { 'me.pub': `ssh-ed25519 ${'A'.repeat(68)}\n` });
    // Without the steps left out here, the script ends where it adds the key.
    await expect(install('web', { key })).rejects.toThrow('the script did not run there');
    expect(given('web.script')).toMatch(/^hosts='[0-9a-f-]{36} \d+\.\d+ \d+:\d+/m);
    await expect(install('web', { key, 'shared-home': true })).rejects.toThrow('the script did not run');
    expect(given('web.script')).toMatch(/^hosts=''$/m);
  });

  it('a machine that answers like the other only at first', async () => {
    // The look finds what was left; the next connection ends elsewhere.
    const [at, first] = ['machine=$(cat "$ROOT/reached")', '; echo other >"$ROOT/reached"'];
    writeTree(bin, { ssh: ssh.replace(at, at + first) });
    const { code, out } = await install('web', { 'only-vsock': true });
    expect(code).toBe(1);
    expect(out).toMatch(/✗ same-machine /);
    expect([isClosed('web'), isClosed('other')]).toEqual([false, false]);
    expect(given('other.script')).toContain('set_up');
  });

  it('a guest that cannot be logged in to is not taken for it because it says so', async () => {
    const { code, err } = await install('nobody', {});
    expect(code).toBe(1);
    expect(err).toMatch(/vsock\/4242 cannot be proved to be ann@web: .*Permission denied/);
    expect(err).toMatch(/hint: .*--key FILE.*--target TARGET/);
  });

  it('a typed target that cannot be logged in to is reported as not proved', async () => {
    const { code, out } = await install('nobody', target(true));
    expect(code).toBe(0);
    expect(out).toMatch(/– same-machine +not proved: .*Permission denied/);
    expect(out).toContain('Host web-vsock');
  });

  it.each([{}, onlyVsock])(
    'a HOST that goes over a socket itself is proved by its own route: %o',
    async (options) => {
      const { code, out, err } = await install('nobody', options, 'UNKNOWN 65535 UNKNOWN 65535');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/✓ same-machine +ssh web is ann@web/);
      expect(out).toMatch(/\nssh ann@web goes over that socket already: .*\n$/);
      if (!('only-vsock' in options)) expect(given('web.args')).toContain('ControlPath=none');
      expect(isClosed('web')).toBe('only-vsock' in options);
    },
  );

  it('uses the settings of what was typed, except for the route, and no connection that is already open', async () => {
    await install('web', { account: 'ben', 'ssh-config': '/c' });
    const args = given('web.args').split('\n');
    expect(args).toEqual(expect.arrayContaining(['-F', '/c', 'ControlPath=none', '-a', 'ben@web']));
    expect(args).toContain(`ProxyCommand=${vmsshWords} proxy vsock/4242 22`);
    expect(args.join()).not.toContain('StrictHostKeyChecking');
  });
});
