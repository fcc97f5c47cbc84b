import { ConnectError } from '../base/errors.js';
import { hostKeyAlias } from '../book/identity.js';
import { printOfLine } from '../checks/own-keys.js';
import { isBySudo } from '../entry/entry.js';
import { editFile } from '../files/edit-file.js';
import { pinsOf } from '../keys/decide.js';
import { forgetKeys } from '../keys/forget-keys.js';
import { keyOwner } from '../keys/key-owner.js';
import { machineKeys } from '../keys/machine-keys.js';
import { managerKeys } from '../keys/manager-keys.js';
import { pinPrint } from '../keys/pins.js';
import { reachedMachine } from '../sources/source.js';
import { knownHostsFile } from '../ssh/folder.js';
import { leaveHost } from './config.js';
import { type ActFacts, asFailure, isChanged, type Setup, type SetupStep } from './step.js';

export const knownKey: SetupStep = {
  async look({ name, target, machine, typed, io: { env, platform }, signal, add }, plan) {
    const { login, entry, inside: { contact, said = [] } = {} } = plan;
    if (contact) return { pins: true };
    if (login.brings) return add('host-key', 'ok', 'it is new for each login, and no other is accepted');
    if (machine === undefined) return undefined;
    const record = reachedMachine(machine);
    // A package makes the host keys, or we do.
    const makesKey = isChanged(said, 'host-keys') || isChanged(said, 'sshd');
    const owner = await keyOwner({ text: target, machine: record }, { typed: name }, env);
    const [known] = pinsOf(await machineKeys(owner, env));
    const another = known && `it has none, and another is known: ${pinPrint(known)}`;
    if (another && makesKey) return add('host-key', 'failed', another, `vmssh forget ${typed}`);
    if (known) return add('host-key', 'ok', `${known.type} ${pinPrint(known)} is known`);
    if (makesKey || isBySudo(entry) || (await managerKeys(record, { env, platform, signal }))) {
      add('host-key', 'changed', 'its manager reads it in the machine, and it is pinned');
      return { pins: true };
    }
    return add('host-key', 'skipped', 'its manager reads none: ssh decides at the first login, and asks you');
  },

  /** Also of a Host that is gone: the machine does not have a key that setup made any more. */
  async undo({ named, gone, io, add }, { login, said }, what) {
    const alias = hostKeyAlias({ ...named, machine: named.machine ?? gone });
    const isOurs = login?.pinned || said.some(({ name }) => name === 'host-keys');
    if (!isOurs || alias === undefined) return undefined;
    const path = knownHostsFile(io.env);
    const { removed } = what === 'do' ? await forgetKeys(path, [alias]) : { removed: 1 };
    // The file is ours.
    if (what === 'do') await editFile(path, (old) => (old?.length === 0 ? undefined : old), 0o600);
    if (removed === 0) return add('host-key', 'ok', 'it is gone already');
    return add('host-key', 'changed', 'it is forgotten');
  },
};

/** The key that its server has shown, "ssh-ed25519 SHA256:…", if its manager or a script has read the same one there, or `contact` is it. */
export const pin: SetupStep = {
  async act(setup, plan, done) {
    if (!plan.pins) return undefined;
    await pinShown(setup, plan.inside?.contact, done);
    // Then a key that is pinned later is not setup's.
    if (setup.isFailed()) await leaveHost(setup, plan, done, { pinned: undefined });
    return undefined;
  },
};

async function pinShown(
  { name, named, machine, io: { env, platform }, signal, add }: Setup,
  contact: string | undefined,
  { shown = '', hostKeys }: ActFacts,
): Promise<void> {
  const record = machine && reachedMachine(machine);
  const print = shown.split(' ')[1] ?? '';
  const keys = contact
    ? [contact]
    : (hostKeys ?? (record && (await managerKeys(record, { env, platform, signal }, print))) ?? []);
  const key = keys.find((key) => printOfLine(key) === print);
  const isOther = `its server shows ${shown}, which its manager does not find in the machine`;
  if (key === undefined) return add('host-key', 'failed', isOther);
  const isSeen = contact !== undefined || hostKeys !== undefined;
  const vouched = contact ? 'you' : isSeen ? 'manager' : undefined;
  const blob = Buffer.from(key.split(' ')[1] ?? '', 'base64');
  const reached = { text: named.text, machine: record };
  const { judgeHostKey } = await import('../keys/settle-key.js');
  const end = await judgeHostKey(blob, { reached, typed: name, env, platform, vouched }).catch(asFailure);
  const refusal = end instanceof ConnectError ? end : end.refusal;
  if (refusal) return add('host-key', 'failed', refusal.problem, refusal.hint);
  const by = contact ? 'the connection showed it' : 'its manager reads it in the machine';
  add('host-key', 'changed', `${shown} is pinned, as ${by}`);
}
