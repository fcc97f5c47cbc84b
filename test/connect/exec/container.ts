import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineExec } from '../../../src/sources/containers/engines.js';
import { kubectlExec } from '../../../src/sources/kubernetes/cluster.js';
import { nspawnExec } from '../../../src/sources/machined/nspawn-files.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';
import type { ExecEndpoint } from '../../../src/typed/route.js';
import { findProgram } from '../../helpers/programs.js';
import { sshdConfig } from '../../helpers/sshd.js';
import { script } from '../../helpers/temp-dir.js';

const commands = {
  podman: (machine: string) => engineExec('podman', machine),
  nspawn: nspawnExec,
  kubectl: (machine: string) => kubectlExec(machine),
};

/** The endpoint of a machine in a manager. */
export function execOf(manager: keyof typeof commands, machine: string): ExecEndpoint {
  const command = commands[manager](machine);
  const endpoint = execRoutes(command, machine)[0]?.endpoint;
  if (endpoint?.family !== 'exec') throw new Error('no exec');
  return endpoint;
}

/** What stands for a manager and its container: a program of that name, and a folder in place of the container's root. */
export interface Container {
  /** The folder of the manager's program, for PATH. */
  readonly bin: string;
  /** The folder in place of "/". */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ContainerMade {
  /** The manager's program: "podman". */
  readonly program: string;
  /** Runs before the command in the container does, in sh. */
  readonly before?: string;
  /** Whether it has a real sshd, with the keys that `startSshd` made in this folder. */
  readonly keys?: string;
  /** The folder that its sshd names as what it needs, as in a string of a program: "/run/sshd". */
  readonly needs?: string;
  /** Which of the programs `grep`, `id` and `mkdir` it has; all by default. */
  readonly has?: readonly string[];
}

/**
 * Makes one in `dir`. The program runs the words from "/bin/sh" on, with the folders that the script of vmssh names below
 * `root`, and only those that it `has` in PATH.
 */
export function makeContainer(
  dir: string,
  { program, before = '', keys, needs = '/var/empty', has = ['grep', 'id', 'mkdir'] }: ContainerMade,
): Container {
  const [bin, root] = [join(dir, 'bin'), join(dir, 'root')];
  for (const folder of [bin, join(root, 'bin'), join(root, 'usr/sbin'), join(root, 'etc'), join(root, 'run')])
    mkdirSync(folder, { recursive: true });
  for (const name of has) symlinkSync(findProgram(name) ?? name, join(root, 'bin', name));
  if (keys !== undefined) {
    writeFileSync(join(root, 'sshd_config'), sshdConfig(keys));
    const start = `exec ${findProgram('sshd')} -f ${join(root, 'sshd_config')} "$@"`;
    script(join(root, 'usr/sbin/sshd'), `${start}\n\0${root}${needs}\0.pid\0`);
  }
  script(
    join(bin, program),
    `printf '%s\\n' "$*" | head -n 1 >>'${join(dir, 'calls')}'
while [ "$1" != /bin/sh ]; do shift; done
there=$(printf '%s' "$3" | sed -E 's#(^|[ "<])/(usr/|sbin/|run/|nix/|etc/|proc/\\[)#\\1${root}/\\2#g')
shift 4
mode=$1
${before}
PATH='${root}/bin' exec /bin/sh -c "$there" sh "$@"`,
  );
  return { bin, root, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } };
}
