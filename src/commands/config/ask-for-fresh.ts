import type { Io } from '../../cli/command.js';
import { pasteable } from '../../cli/message.js';
import { fileAt } from '../../hosts/files.js';
import { withLast } from '../../hosts/last-run.js';
import type { ConfigOptions } from '../../hosts/options.js';
import type { ConfigFiles } from '../../hosts/places.js';
import { loadAddon } from '../../native.js';
import { canPick } from '../../picker/can-pick.js';
import { ownerOf } from '../../ssh/config/file.js';
import { noState, readState } from '../../ssh/config/state.js';

/** Has the user choose one of the answers; undefined: they left. */
export type Ask = (answers: readonly { cells: readonly string[] }[], io: Io) => Promise<string | undefined>;

/**
 * On a terminal, and only once: whether other runs may keep the Hosts up to date. Undefined: there was nothing to ask; "left": the
 * user wants the command to end.
 */
export async function askForFresh(
  options: ConfigOptions,
  io: Io,
  files: ConfigFiles,
  ask: Ask = askByPicker,
): Promise<boolean | 'left' | undefined> {
  if (options.system || !canPick(io)) return undefined;
  const { text } = await fileAt(files.own);
  if (!['none', 'ours'].includes(ownerOf(text))) return undefined;
  const all = withLast(options, ((await readState(files.state)) ?? noState).options);
  if (all.onlyPatterns || all.fresh !== undefined) return undefined;
  const unit = files.units === undefined ? '' : ', and so can systemd';
  io.err(
    pasteable(
      `Machines come and go: vmssh list and vmssh ssh can keep ssh's list of them up to date${unit}.\n`,
      io,
    ),
  );
  const answer = await ask([{ cells: ['no'] }, { cells: ['yes'] }], io);
  return answer === undefined ? 'left' : answer === 'yes';
}

const askByPicker: Ask = async (answers, io) => {
  const { addon } = loadAddon();
  if (!addon) return undefined;
  const { pick } = await import('../../picker/picker.js');
  const [no] = answers;
  return (await pick(answers, 'Keep it up to date?', io, addon, undefined, no))?.cells[0];
};
