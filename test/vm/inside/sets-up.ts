import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { outcome } from './hypervisor.js';

type Sh = (line: string, timeout?: number) => ReturnType<typeof outcome>;

/** A machine that runs, and where its files and those of its user are. */
export interface Machine {
  /** As it is typed. */
  readonly target: string;
  /** Runs a line of the user who has the machine; it has no single quotes. */
  readonly user?: Sh;
  /** A script of the guest's root that runs a script in the machine's root folder, as one who may read all of it. */
  readonly inside: (script: string) => string;
  /** The machine's folders that are compared. */
  readonly places?: string;
  /** A line of the user that prints what else has to stay the same, such as a definition. */
  readonly also?: string;
}

/** One with the package of an sshd: nobody's key is in it, it has no host key, and nobody runs its sshd. */
export interface PlainMachine extends Machine {
  /** The account that setup takes with these options, and for a second run another one that is named. */
  readonly account: string;
  readonly options?: string;
  readonly second?: string;
  /** A line of the user that comes first; by default vmssh has written nothing for ssh. */
  readonly before?: string;
  /** Adds tests of the machine once it is set up. */
  readonly whenReady?: () => void;
}

/** A line of a user who is logged in, by `loginctl enable-linger` at least. */
export const loggedIn = (user: string, line: string) =>
  `su - ${user} -c 'export XDG_RUNTIME_DIR=/run/user/$(id -u); ${line}'`;

export const nothingWritten =
  'mkdir -p ~/.local/state && vmssh config uninstall && rm -f ~/.ssh/vmssh_known_hosts*';

/** What is not compared: systemd's own notes, what managers keep in a root that is made of the guest's own files, and the record of logins. */
const apart = ['systemd', 'containers', 'docker', 'incus']
  .map((name) => `lib/${name}`)
  .concat('log/wtmp.db*')
  .map((path) => `-path "*var/${path}"`);

/** What may come, and stay: what each login by exec makes there, as docs/targets.md says, and the empty folder of what vmssh remembers. */
const mayCome =
  /^\+ (?:machine: (?:drwxr-xr-x (?:0:0|1000:1000) )?'(?:run\/sshd|var\/log)'|own: drwx------ \d+:\d+ '\.local\/state\/vmssh')$/;

/** A script that prints each path in these folders, with its mode, owner, size, and where a link leads; and what is in each file. */
const tree = (places: string) =>
  `all() { find ${places} \\( ${apart.join(' -o ')} \\) -prune -o "$@" 2>/dev/null || :; }
  all -type d -exec stat -c "%A %u:%g %N" {} +; all ! -type d -exec stat -c "%A %u:%g %s %N" {} +
  all -type f -exec sha256sum {} +`;

/** All that is in a machine and in its user's own folders. */
async function look(sh: Sh, { user = sh, inside, places, also = ':' }: Machine): Promise<readonly string[]> {
  const machine = await sh(inside(tree(places ?? 'etc home root run tmp usr/local var')), 400);
  const own = await user(`cd; ${tree('.ssh .local/state .config')}; ${also}`, 400);
  expect([machine, own]).toMatchObject([{ code: 0 }, { code: 0 }]);
  return Object.entries({ machine, own }).flatMap(([side, { stdout }]) =>
    stdout.split('\n').flatMap((line) => (line === '' ? [] : [`${side}: ${line}`])),
  );
}

async function expectSame(before: readonly string[], sh: Sh, machine: Machine): Promise<void> {
  const after = await look(sh, machine);
  const [old, now] = [new Set(before), new Set(after)];
  const gone = before.filter((line) => !now.has(line)).map((line) => `- ${line}`);
  const come = after.filter((line) => !old.has(line)).map((line) => `+ ${line}`);
  expect([...gone, ...come].filter((line) => !mayCome.test(line))).toEqual([]);
}

/** What setup says of its login, and that a plain ssh to that Host, with StrictHostKeyChecking yes, is that login. */
async function expectLogin(said: string, account: string, sh: Sh, { user = sh, inside }: Machine) {
  const line = new RegExp(
    `✓ login +ssh (\\S+) is ${account}, by \\S+ \\((SHA256:.*)\\); its host key is (\\S+ \\S+).*\n`,
  );
  expect(said).toMatch(line);
  const [, host = '', key = '', hostKey = ''] = line.exec(said) ?? [];
  const { code, stdout, stderr } = await user(
    `ssh -v -n -o BatchMode=yes -o StrictHostKeyChecking=yes ${host} id -un`,
  );
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${account}\n` });
  expect(stderr).toContain(`Server host key: ${hostKey}`);
  expect(stderr.split('\n').filter((each) => each.includes('Server accepts key: '))).toEqual([
    expect.stringContaining(key),
  ]);
  const own = (await sh(inside('cat etc/ssh/ssh_host_ed25519_key.pub'))).stdout.split(' ');
  const print = createHash('sha256')
    .update(Buffer.from(`${own[1]}`, 'base64'))
    .digest('base64');
  expect(hostKey).toBe(`ssh-ed25519 SHA256:${print.replace(/=+$/, '')}`);
}

/**
 * `vmssh setup` by the real manager, and a login by the real ssh with StrictHostKeyChecking yes; then `--undo`, after which the machine and the
 * user's own folders are what they were, byte for byte.
 */
export function setsUp(sh: Sh, machine: PlainMachine): void {
  const { target, user = sh, account, options = '', second, before = nothingWritten, whenReady } = machine;
  const setup = (words: string) => user(`vmssh setup -v ${words} ${target}`, 600);
  const expectPlain = () => expectSame(plain, sh, machine);
  let plain: readonly string[];

  describe(`${target}, a plain machine`, () => {
    beforeAll(async () => {
      expect(await user(before, 400)).toMatchObject({ code: 0 });
      plain = await look(sh, machine);
      expect(
        plain.filter((line) => /^machine: .*(?:authorized_keys|ssh_host_|lib\/vmssh)/.test(line)),
      ).toEqual([]);
    }, 900_000);

    test('is not changed by --dry-run', async () => {
      const { code, stdout } = await setup(`--dry-run ${options}`);
      expect(stdout).toMatch(/\+ host-keys .*\n(?:.*\n)*? {2}\+ key /);
      expect(code).toBe(1);
      await expectPlain();
    }, 900_000);

    test('is set up, so that ssh logs in under strict with the account and the keys that were said', async () => {
      const start = Date.now();
      const { code, stdout, stderr } = await setup(`--yes ${options}`);
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      await expectLogin(stdout, account, sh, machine);
      console.log(`${target}: from a plain machine to a strict login in ${(Date.now() - start) / 1000} s`);
    }, 900_000);

    test('is ready the next time', async () => {
      const { code, stdout } = await setup(`--json ${options}`);
      expect(code, stdout).toBe(0);
      const { steps } = JSON.parse(stdout).machines[0];
      expect(steps.filter(({ state }: { state: string }) => state !== 'ok')).toEqual([]);
    }, 900_000);

    whenReady?.();

    test.runIf(second)(
      'is set up for another account too',
      async () => {
        const { code, stdout } = await setup(`--yes --user ${second}`);
        expect(code, stdout).toBe(0);
        await expectLogin(stdout, `${second}`, sh, machine);
      },
      900_000,
    );

    test('is what it was after --undo, and so are the own files', async () => {
      const { code, stdout } = await setup('--undo --yes');
      expect(code, stdout).toBe(0);
      await expectPlain();
    }, 900_000);
  });
}

/** A machine that cannot be set up: setup says why, and changes nothing. */
export function setsNothingUp(sh: Sh, machine: Machine, says: RegExp, options = ''): void {
  const { target, user = sh } = machine;
  test(`${target} is not set up ${options}: a message with the fix`, async () => {
    const before = await look(sh, machine);
    const { code, stdout } = await user(`vmssh setup -v --yes ${options} ${target}`, 400);
    expect(stdout).toMatch(says);
    expect(code).toBe(1);
    await expectSame(before, sh, machine);
  }, 900_000);
}
