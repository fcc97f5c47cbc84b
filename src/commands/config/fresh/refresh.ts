import type { Io } from '../../../cli/command.js';
import type { AllMachines } from '../../../discovery/list-all.js';
import { exitCode } from '../../../errors.js';
import { readSafely } from '../../../files/read-at.js';
import { callerForSsh } from '../../../ssh/config/caller.js';
import { ownerOf } from '../../../ssh/config/file.js';
import { isFresh } from '../../../ssh/config/record.js';
import { proxyWord } from '../../../ssh/config/word.js';
import type { FindMachines } from '../../via/machines.js';
import { adoptAll } from '../adopt-all.js';
import { carryOut } from '../carry-out.js';
import type { ConfigOptions } from '../options.js';
import { type ConfigFiles, configFiles, planInstall } from '../plan.js';
import { silent } from './silent.js';

/** Why nothing was written, or what was. */
export type Refreshed = 'off' | 'edited' | 'not own' | 'other program' | 'failed' | 'same' | 'changed';

/** Every option as in the last run. */
export const asLastTime: ConfigOptions = {
  ...{ onlyPatterns: false, prefix: '', system: false, asBefore: true, sshOptions: [] },
};

/** Brings the Hosts up to date; ssh's main configuration is never changed. Prints nothing. */
export async function refresh(
  io: Io,
  find: FindMachines,
  files: ConfigFiles = configFiles({ system: false }, io),
  uid = process.geteuid?.(),
): Promise<Refreshed> {
  const file = await readSafely(files.own);
  const text = file?.bytes.toString() ?? '';
  // The cheap questions come first: for most people it is off.
  if (!isFresh(text)) return 'off';
  if (ownerOf(text) !== 'ours') return 'edited';
  if (uid !== undefined && file?.uid !== uid) return 'not own';
  if (!(await callsThis(text, io))) return 'other program';
  let found: Promise<AllMachines> | undefined;
  const once: FindMachines = (to) => {
    found ??= find(to);
    return found;
  };
  let isChanged = false;
  const code = await carryOut(async (to) => {
    // systemd's units stay as they are.
    const plan = await planInstall(asLastTime, to, once, { ...files, units: undefined });
    const changes = plan.changes.filter(({ path, before }) => path === files.own && isFresh(before ?? ''));
    isChanged = changes.length > 0;
    return { ...plan, changes };
  }, silent(io));
  if (code !== exitCode.ok) return 'failed';
  if (isChanged && found) await adoptAll((await found).machines, io);
  return isChanged ? 'changed' : 'same';
}

/** Whether the Hosts are called as this program would write them: another installation's are left to it. */
async function callsThis(text: string, io: Io): Promise<boolean> {
  const { program } = await callerForSsh(io);
  const words = program.map((word) => proxyWord(word, io.platform)).join(' ');
  return text.includes(`\n    ProxyCommand ${words} proxy `);
}
