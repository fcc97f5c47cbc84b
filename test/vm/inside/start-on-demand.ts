import { describe, expect, test } from 'vitest';
import type { outcome } from './hypervisor.js';

/** A machine that is off, for a guest whose manager has it. */
export interface Startable {
  readonly target: string;
  readonly name: string;
  /** The command that starts it, as messages have it. */
  readonly command: string;
  /** A script that turns it off. */
  readonly off: string;
  /** A script whose lines are the starts that its manager has recorded. */
  readonly starts: string;
  /** A script that succeeds once it has been started. */
  readonly isUp: string;
}

type Sh = (line: string, timeout?: number) => ReturnType<typeof outcome>;

/** A machine is started by its manager, only if that is asked for. */
export function startsOnDemand(sh: Sh, machine: Startable): void {
  const { target, name, command, off, isUp } = machine;
  const [program = ''] = command.split(' ');

  describe(`${target}, which is off`, () => {
    startsOnce(sh, machine);

    test('is started all the same if Ctrl-C comes meanwhile, which says so', async () => {
      expect(await sh(off)).toMatchObject({ code: 0 });
      const { stdout } = await sh(
        `mkfifo /run/said; vmssh check --start -v ${target} 2>/run/said &
        while read -r line; do case $line in *'starting "'*) kill -INT $! ;; esac; done </run/said
        wait $!; echo "exit code $?"; rm /run/said`,
        400,
      );
      expect(stdout).toContain(
        `interrupted: "${name}" is left as it is, and "${program}" may still be starting it`,
      );
      expect(stdout).toMatch(/exit code 130\n$/);
      expect(await sh(`until ${isUp}; do sleep 0.5; done`, 400)).toMatchObject({ code: 0 });
    }, 1_800_000);

    test('is started by ssh, as VS Code calls it, and by rsync after config install --start=NAME', async () => {
      // While it runs: an image of systemd-nspawn that does not run has no Host.
      expect(await sh(`vmssh config install --start=${name}`, 400)).toMatchObject({ code: 0 });
      expect(await sh(off)).toMatchObject({ code: 0 });
      expect(await sh(`echo 'uname -n; exit 7' | ssh -T ${name} bash`, 400)).toMatchObject({
        code: 7,
        stdout: `${name}\n`,
      });
      expect(await sh(off)).toMatchObject({ code: 0 });
      const copied = await sh(
        `rsync -a /etc/os-release ${name}:/tmp/there && rsync -a ${name}:/tmp/there /tmp/${name} && cmp /tmp/${name} /etc/os-release`,
        400,
      );
      expect(copied).toMatchObject({ code: 0 });
      expect(await sh('vmssh config install --no-start', 400)).toMatchObject({ code: 0 });
    }, 1_800_000);
  });
}

/** Two ssh at once start a machine once, and log in. */
export function startsOnce(sh: Sh, { target, name, off, starts }: Startable): void {
  const count = async () => (await sh(starts)).stdout.split('\n').length;

  test(`${name} is started once by two ssh at once, and only if that is asked for`, async () => {
    expect(await sh(off)).toMatchObject({ code: 0 });
    const { code, stderr } = await sh(`vmssh ssh ${target} true`, 400);
    expect(code).toBe(255);
    expect(stderr).toMatch(
      new RegExp(`^vmssh: cannot find "${target}": "${name}" is off\\nhint: .* ssh --start ${target}\\n`),
    );
    const before = await count();
    const both = await sh(
      `for i in 1 2; do vmssh ssh --start --wait=1200 ${target} uname -n >/run/$i & all="$all $!"; done
      for each in $all; do wait "$each" || exit; done; cat /run/1 /run/2`,
      1300,
    );
    expect(both).toMatchObject({ code: 0, stdout: `${name}\n${name}\n` });
    expect(await count()).toBe(before + 1);
  }, 1_800_000);
}
