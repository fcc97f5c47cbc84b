import { beforeAll, describe, expect, test } from 'vitest';
import { inRootOf } from './container.js';
import type { outcome } from './hypervisor.js';

type Sh = (line: string, timeout?: number) => ReturnType<typeof outcome>;

/** A machine that runs and has an sshd, for a guest whose manager can read its files. */
export interface ReadableMachine {
  /** Its Host, and the user who logs in there. */
  readonly login: string;
  /** Runs a line of the user who has the machine; it has no single quotes. */
  readonly user?: Sh;
  /** A script for root that prints the pid of a process in it. */
  readonly pid: string;
  /** A script of that user that makes it again, under the same name. */
  readonly again?: string;
}

/** What a machine's root writes where its manager reads its keys, in its /etc/ssh; the last one leaves a reader without an answer. */
const lies: readonly (readonly [lie: string, script: string])[] = [
  ['no file', 'rm *.pub'],
  [
    'control characters',
    String.raw`for each in *.pub; do printf '\033[2J\a\rssh-ed25519 \233 AAAA\n' >$each; done`,
  ],
  [
    'its own key after sixteen others',
    `for i in $(seq 16); do cat ../other.pub; done | cat - $own >all; mv all $own`,
  ],
  ['its own key after a megabyte', 'yes AAAA | head -c 1000000 | cat - $own >all; mv all $own'],
  ['a link to /etc/shadow', 'ln -sf /etc/shadow $own'],
  // One that sshd does not read itself: it would wait too.
  ['a fifo', 'rm $own; mkfifo ssh_host_mldsa44_ed25519_key.pub'],
];

/**
 * A strict first login without any known_hosts to a machine whose manager reads its key; then it shows another one, says something else
 * to its manager, and is made again. All by the real ssh and the lines of config install.
 */
export function isKnownByItsManager(sh: Sh, { login, user = sh, pid, again }: ReadableMachine): void {
  const host = login.replace(/^.*@/, '');
  const ssh = (policy: string) =>
    user(`ssh -n -o BatchMode=yes -o StrictHostKeyChecking=${policy} ${login} echo in`);
  const forget = () => user('rm -f ~/.ssh/known_hosts ~/.ssh/vmssh_known_hosts*');
  const pins = async () => (await user('cat ~/.ssh/vmssh_known_hosts')).stdout;
  const inEtcSsh = async (script: string) => {
    const result = await sh(inRootOf(pid, `cd etc/ssh; own=ssh_host_ed25519_key.pub; ${script}`));
    expect(result).toMatchObject({ code: 0 });
    return result.stdout;
  };
  const otherKey = () => inEtcSsh(`rm $own \${own%.pub}; ssh-keygen -q -t ed25519 -N '' -f \${own%.pub}`);
  /** Again and again: on a machine as slow as this one a manager may be late, which is as if it could not say. */
  const strictly = () => expect.poll(() => ssh('yes'), { timeout: 400_000, interval: 500 });
  const isIn = (line = '') => ({
    ...{ code: 0, stdout: 'in\n' },
    stderr: line && expect.stringMatching(`^vmssh: ${host} ${line}\n$`),
  });

  describe(`${login}, whose key its manager reads`, () => {
    beforeAll(async () => {
      expect(await user('vmssh config install', 400)).toMatchObject({ code: 0 });
    }, 500_000);

    test('is let in by a strict first login, without a word', async () => {
      await forget();
      await strictly().toEqual(isIn());
      expect(await ssh('yes')).toEqual(isIn());
    }, 900_000);

    test('is refused with another key, whatever ssh is told, until it is forgotten', async () => {
      const before = await pins();
      await otherKey();
      for (const told of ['no', 'accept-new', 'ask', 'yes'])
        expect(await ssh(told), told).toMatchObject({
          ...{ code: 255, stdout: '' },
          stderr: expect.stringMatching(/^vmssh: the host key of ".*" is refused: .*\nhint: .* forget /),
        });
      expect(await pins()).toBe(before);
      expect(await user(`vmssh forget ${host}`)).toMatchObject({ code: 0 });
      await strictly().toEqual(isIn());
    }, 900_000);

    test.each(lies)(
      'that says to its manager: %s',
      async (_, script) => {
        await inEtcSsh(
          `rm -rf ../kept; cp -a . ../kept; ssh-keygen -q -t ed25519 -N '' -f ../other; ${script}`,
        );
        await forget();
        try {
          // Its manager says other keys, or nobody can say.
          const strict = await ssh('yes');
          expect(strict).toMatchObject({ code: 255, stdout: '' });
          expect(strict.stderr).toMatch(
            /^vmssh: (?:the host key of ".*" is refused|nobody on this host can confirm)[ -~]*\n/,
          );
          expect(strict.stderr).not.toMatch(/[^\r\n -~]/);
        } finally {
          await inEtcSsh('rm ssh_host_* ../other*; cp -a ../kept/ssh_host_* .');
          await forget();
        }
      },
      900_000,
    );

    if (again === undefined) return;
    test('is let in when it is made again under its name, with the fix', async () => {
      await strictly().toMatchObject({ code: 0 });
      const remade = async () => {
        expect(await user(again)).toMatchObject({ code: 0 });
        await otherKey();
      };
      await remade();
      const recreated = 'was recreated; \\S+ confirms its new host key';
      await strictly().toEqual(isIn(`${recreated}\nhint: if your key is gone: \\S*vmssh setup ${host}`));
      expect(await ssh('yes')).toEqual(isIn());
      // Its manager cannot say.
      await remade();
      await inEtcSsh('rm *.pub');
      expect(await ssh('no')).toMatchObject({
        ...{ code: 255, stdout: '' },
        stderr: expect.stringMatching(
          /^vmssh: the host key of ".*" is refused: .* the name now reaches a different machine.*\nhint: .* forget /,
        ),
      });
    }, 900_000);
  });
}
