/** @import { GuestFacts } from '../types.js' */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The guests of this user that run now, by their guest.json. Folders of dead ones are removed meanwhile.
 * @returns {(GuestFacts & { readonly started: number })[]}
 */
export function runningGuests(uid = process.getuid?.()) {
  return runFolders(uid).flatMap((folder) => {
    const supervisor = supervisorOf(folder);
    if (!supervisor) {
      if (Date.now() - statSync(folder).mtimeMs > 60_000) rmSync(folder, { recursive: true, force: true });
      return [];
    }
    return existsSync(`${folder}/guest.json`)
      ? [JSON.parse(readFileSync(`${folder}/guest.json`, 'utf8'))]
      : [];
  });
}

/**
 * Ends a guest and waits until its folder is gone.
 * @param {GuestFacts} guest
 */
export async function stopRunning(guest) {
  process.kill(guest.pids.supervisor, 'SIGTERM');
  for (const until = Date.now() + 10_000; existsSync(guest.folder); await sleep(50)) {
    if (Date.now() > until)
      throw new Error(`${guest.suite} did not stop: its supervisor is ${guest.pids.supervisor}`);
  }
}

/** @param {number | undefined} uid */
function runFolders(uid) {
  return [...new Set(['/tmp', tmpdir()])].flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => name.startsWith('vmssh-guest-'))
      .map((name) => `${parent}/${name}`)
      .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.uid === uid),
  );
}

/**
 * The pid of the process that was started as `node …/supervisor.js FOLDER`.
 * @param {string} folder
 */
function supervisorOf(folder) {
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return args[1]?.endsWith('/supervisor.js') && args[2] === folder;
    } catch {
      return false;
    }
  });
}
