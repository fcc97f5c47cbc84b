import { expect, test } from 'vitest';
import type { outcome } from './hypervisor.js';

interface Container {
  readonly name: string;
  /** The group whose members use its manager. */
  readonly group: string;
  /** The manager's command that runs one in it. */
  readonly exec: string;
}

/** Somebody new on the guest logs in to a container by the lines of README.md, and as VS Code, rsync and scp do. */
export function letsNewcomersIn(
  sh: (line: string, timeout?: number) => ReturnType<typeof outcome>,
  { name, group, exec }: Container,
): void {
  const asNewcomer = (line: string) => sh(`su - newcomer -c '${line}'`, 400);

  test(`${name} is logged in to by a new user, with the lines of README.md`, async () => {
    const made = await sh(
      `useradd --create-home --shell /bin/bash --groups ${group} newcomer &&
      su - newcomer -c 'mkdir .ssh && ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519' &&
      ${exec} bash -c 'cat >>/root/.ssh/authorized_keys' <~newcomer/.ssh/id_ed25519.pub`,
    );
    expect(made).toMatchObject({ code: 0 });
    expect(await asNewcomer(`vmssh config install >&2 && ssh -n root@${name} uname -n`)).toMatchObject({
      code: 0,
      stdout: `${name}\n`,
    });
    const others = await asNewcomer(
      `echo "uname -n" | ssh -T root@${name} bash && rsync -a /etc/os-release root@${name}:/tmp/new &&
      scp -q root@${name}:/tmp/new new && cmp new /etc/os-release`,
    );
    expect(others).toMatchObject({ code: 0, stdout: `${name}\n` });
  }, 900_000);
}
