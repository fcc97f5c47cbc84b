import { spawnSync } from 'node:child_process';

/**
 * Clones the commit that is checked out in `root`, and runs scripts of npm there, as "build:exe -- --target linux-x64". What they print goes
 * to stderr. Throws if one fails.
 * @param {string} root
 * @param {string} clone a folder that is not there yet, or is empty
 * @param {Iterable<string>} scripts
 * @param {() => Promise<void>} [goOn] asked before each program; may throw
 */
export async function buildInClone(root, clone, scripts, goOn = async () => {}) {
  await goOn();
  run(['git', 'clone', '--quiet', root, clone], root);
  await goOn();
  run(['npm', 'ci', '--silent'], clone);
  for (const script of scripts) {
    await goOn();
    run(['npm', 'run', '--silent', ...script.split(' ')], clone);
  }
}

/** @param {readonly string[]} command @param {string} cwd */
function run([program = '', ...args], cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} failed`);
}
