import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Gives all tests of a run a home of its own: what a program of a test keeps without being given a HOME is not the user's. The run fails
 * if something of vmssh's is new in the real home.
 */
export default function setup(): (() => void) | undefined {
  // Each project of a run calls this.
  if (process.env[marker] !== undefined) return undefined;
  const { HOME, XDG_RUNTIME_DIR, XDG_CACHE_HOME } = process.env;
  const home = mkdtempSync(join(tmpdir(), 'vmssh-home-'));
  const own: Readonly<Record<string, string>> = {
    [marker]: home,
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    // What is downloaded or built stays.
    XDG_CACHE_HOME: XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    NPM_CONFIG_USERCONFIG: process.env.NPM_CONFIG_USERCONFIG ?? join(homedir(), '.npmrc'),
    NPM_CONFIG_CACHE: process.env.NPM_CONFIG_CACHE ?? join(homedir(), '.npm'),
  };
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  // Also those who are not the user of this run go through it to the programs of PATH.
  chmodSync(home, 0o711);
  const absent = kept([HOME, userInfo().homedir], XDG_RUNTIME_DIR).filter((path) => !existsSync(path));
  const before = Object.keys(own).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, own);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(home, { recursive: true, force: true });
    const written = absent.filter((path) => existsSync(path));
    if (written.length === 0) return;
    console.error(`a test without a HOME of its own, or you meanwhile, wrote ${written.join(' and ')}`);
    process.exitCode = 1;
  };
}

const marker = 'VMSSH_TEST_HOME';

/** What vmssh keeps for a user. */
function kept(homes: readonly (string | undefined)[], runtimeDir: string | undefined): readonly string[] {
  const files = ['.ssh/vmssh.conf', '.ssh/vmssh_known_hosts', '.local/state/vmssh', '.config/vmssh'];
  const own = [...new Set(homes)].flatMap((home) => (home ? files.map((file) => join(home, file)) : []));
  return [...own, ...(runtimeDir ? [join(runtimeDir, 'vmssh')] : [])];
}
