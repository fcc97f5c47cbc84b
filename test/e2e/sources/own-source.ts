import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll } from 'vitest';
import { findProgram } from '../../helpers/programs.js';
import { type Outcome, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** A user with a source of one's own, for one test file. */
export interface Bed {
  readonly dir: string;
  readonly home: string;
  /** Of the user's PATH. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** A program of these lines. */
  program(name: string, text: string): string;
  /** The user has this source, "mine". */
  source(command: readonly string[], more?: object): void;
  call(...args: readonly string[]): Promise<Outcome>;
  /** An ssh in the user's PATH that reads the user's own settings and logs in by the key of `startSshd`. */
  useSsh(): void;
}

export function useOwnSource(): Bed {
  const dir = useTempDir();
  const [home, bin] = [join(dir, 'home'), join(dir, 'bin')];
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: '',
    PATH: `${bin}${delimiter}${process.env.PATH}`,
  };
  const program: Bed['program'] = (name, text) => {
    const path = join(bin, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  beforeAll(() => {
    for (const path of [bin, join(home, '.ssh')]) mkdirSync(path, { recursive: true, mode: 0o700 });
  });
  return {
    ...{ dir, home, bin, env, program },
    source(command, more = {}) {
      mkdirSync(join(home, '.config/vmssh'), { recursive: true });
      const sources = { mine: { command, ...more } };
      writeFileSync(join(home, '.config/vmssh/sources.json'), JSON.stringify({ version: 1, sources }));
    },
    call: (...args) => run([...vmssh, ...args], { env }),
    useSsh() {
      program('vmssh', `exec ${vmsshWords} "$@"`);
      const more = `-o IdentityFile=${join(dir, 'id')} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new`;
      program('ssh', `exec ${findProgram('ssh')} -F ${home}/.ssh/config ${more} "$@"`);
    },
  };
}

export const listing = (...machines: readonly object[]) =>
  `[ "$1" = list ] && cat << 'END'\n${JSON.stringify({ version: 1, machines })}\nEND`;
