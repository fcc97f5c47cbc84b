import { exitCode, printable, quote } from '../../base/errors.js';
import { fewOf, maxShown } from '../../base/group-by.js';
import { hostKeyAlias, namesAlike, namesOf, uuidAlias } from '../../book/identity.js';
import { aliasOf, identified } from '../../book/names.js';
import { writtenAt } from '../../book/same.js';
import { hasHost, type MachineRecord, writtenState } from '../../book/state.js';
import { type Command, flag, UsageError } from '../../cli/command.js';
import { complain, rowFormatter } from '../../cli/rows.js';
import { throughHop, viaOption } from '../../cli/shared-options.js';
import { fileError } from '../../hosts/files.js';
import { askForGone, endRecords, noneGone } from '../../hosts/refresh.js';
import { once } from '../../hosts/write.js';
import { aliasAmong, pinsOf } from '../../keys/decide.js';
import { type Forgotten, forgetKeys } from '../../keys/forget-keys.js';
import { type GuestKeys, guestKeysFor } from '../../keys/guest-keys.js';
import { namesByHop } from '../../keys/hop-names.js';
import { namesTyped } from '../../keys/key-owner.js';
import type { Pin } from '../../keys/pins.js';
import { undoCommand } from '../../keys/refusal.js';
import { asTarget, isNamed } from '../../kinds/kinds.js';
import { type FindMachines, findMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';
import { lookUp, splitLogin } from '../../reach/login.js';
import type { ListedTarget } from '../../reach/short-name.js';
import { isUnasked } from '../../sources/here.js';
import { knownHostsFile } from '../../ssh/folder.js';

const goneOption = flag({
  long: 'gone',
  summary: 'all machines that no source lists any more, and their names',
});

export const forget: Command<{ readonly targets: readonly string[]; readonly gone: boolean }> = {
  name: 'forget',
  summary: "forget a machine's host key, so that ssh takes its new one",
  usage: 'TARGET...',
  details:
    'Exits with 0 also if no key is known. Changes ~/.ssh/vmssh_known_hosts, and removes the Host of a machine that is gone.',
  options: [goneOption, viaOption],
  examples: {
    'vmssh forget mint': 'the machine was reinstalled',
    'vmssh forget 01234567-89ab-cdef-0123-456789abcdef': 'by its UUID, when it is gone',
    'vmssh forget --gone': 'what is kept of machines that no source lists any more',
  },

  parse(raw) {
    const gone = goneOption.read(raw);
    if (raw.positionals.length === 0 && !gone)
      throw new UsageError('expected one or more targets, got nothing', 'vmssh forget TARGET, or --gone');
    return { targets: raw.positionals.map((target) => throughHop(raw, target)), gone };
  },

  async run({ targets, gone }, io) {
    const find = once(findMachines);
    for (const { host: target } of targets.map(splitLogin)) {
      const listed = await lookUp(target, io).catch(() => undefined);
      // Of another hypervisor's machine only its Host is known.
      const isListed = listed?.machine !== undefined && listed.target.kind !== 'via';
      const { ended, unasked } = isListed ? noneGone : await askForGone(io, find);
      // A source that fails once, or a hypervisor that was not asked, ends no login.
      const isOut = ({ via, provider }: MachineRecord) =>
        via === undefined && isUnasked(provider, [], io.env);
      const lost = [...ended, ...unasked.filter((record) => hasHost(record) || isOut(record))];
      const at = writtenAt(target, lost);
      const isMeant = (record: MachineRecord) =>
        at ? record === at : nameIn(record).toLowerCase() === target.toLowerCase();
      await forgetOne(target, listed, lost.filter(isMeant), io);
    }
    if (gone) await forgetGone(io, find);
    return exitCode.ok;
  },
};

/** Ends the keys and names of all machines that are gone, but those of sources that do not answer now. */
export async function forgetGone(io: Io, find: FindMachines = findMachines): Promise<void> {
  const { machines, ended, unasked } = await askForGone(io, find);
  const ids = new Set(machines.flatMap(({ uuid }) => uuid ?? []));
  // A machine that has another name now keeps its key.
  const lost = ended.filter(({ uuid }) => uuid === undefined || !ids.has(uuid));
  for (const { host, uuid, target } of lost) await forgetAndSay(host ?? uuid ?? target, undefined, io);
  await endNames(ended, io);
  if (unasked.length > 0) {
    const names = fewOf(
      unasked.map((record) => `${nameIn(record)} (${record.provider})`),
      maxShown,
    );
    await complain(
      `kept, as their source was not asked or gave no answer: ${names}`,
      unasked.some(hasHost) ? 'vmssh forget NAME' : 'vmssh setup --undo NAME',
      io,
    );
  } else if (ended.length === 0) io.out('nothing is kept of a machine that is gone\n');
}

function nameIn({ host, name }: MachineRecord): string {
  return host ?? name;
}

/** Forgets the keys of a machine, and ends `gone`, its records of which no source knows any more. */
async function forgetOne(
  target: string,
  listed: ListedTarget | undefined,
  gone: readonly MachineRecord[],
  io: Io,
): Promise<void> {
  const isDone = await forgetAndSay(target, listed, io);
  const ended = await endNames(gone, io);
  if (isDone || ended) return;
  const made = guestKeysFor({ ...listed, typed: target }, io.env);
  const hint = made ? undoHint(made, io) : fixFor(target);
  await complain(`no host key of ${quote(target)} is known in ${knownHostsFile(io.env)}`, hint, io);
}

/** Whether there was a key. */
async function forgetAndSay(target: string, listed: ListedTarget | undefined, io: Io): Promise<boolean> {
  const path = knownHostsFile(io.env);
  const { names, ...what } = await namesIn(target, listed, io.env);
  const done = await forgetKeys(path, names, what).catch((error) => {
    throw fileError(error, path, 'changed');
  });
  if (done.removed === 0 && done.kept.length === 0) return false;
  const format = await rowFormatter(io);
  io.out(format(reportOf(target, done, io).map((text) => ({ mark: 'ok', text }))));
  const made = guestKeysFor({ ...listed, typed: target }, io.env);
  const still = made && `ssh still accepts only the host key that was made for ${quote(made.name)}`;
  if (made && still) await complain(still, undoHint(made, io), io);
  return true;
}

/** Whether those records are ended. */
async function endNames(gone: readonly MachineRecord[], io: Io): Promise<boolean> {
  const ended = await endRecords(gone, io);
  if (ended)
    for (const record of gone) {
      const free = `the name ${quote(nameIn(record))} is free again: its Host is gone`;
      const what = hasHost(record)
        ? free
        : `the login that setup made for ${quote(record.name)} is not kept any more`;
      io.out(`${printable(what)}\n`);
    }
  return ended;
}

/** The names that known_hosts may have for a machine, and those that meant it: also by its Host. For one that is gone: the typed UUID, target or Host. */
async function namesIn(typed: string, listed: ListedTarget | undefined, env: Io['env']) {
  const target = asTarget(typed);
  const found = listed ?? (target && { text: typed, target });
  const id = uuidAlias(typed.replace(/^.*\//, ''));
  const records = (await writtenState({ env }))?.machines ?? [];
  const hosts = records.filter(hasHost);
  const isMeant = (record: MachineRecord) => nameIn(record).toLowerCase() === typed.toLowerCase();
  const at = found && (writtenAt(found.text, hosts) ?? writtenAt(found.text, records));
  const entries = found ? [at ?? []].flat() : records.filter(isMeant);
  const written = entries.flatMap((entry) => namesOf(identified(entry), entry.host));
  const byHop = found && (await namesByHop(found, env).catch(() => undefined));
  const short = found?.machine?.via === undefined ? found?.machine?.name : undefined;
  const own = found ? [...namesOf(found, typed), ...namesOf(found, short)] : [];
  const meant = [...new Set([...namesTyped(typed), ...own, ...written, ...(byHop?.names ?? [])])];
  const alike = found && [...namesAlike(found), ...(byHop?.alike ?? [])];
  const pinsOfIt = (pins: readonly Pin[]) => [
    ...pinsOf({ alias: found && aliasAmong(found, meant, pins), names: meant, alike, pins }),
    ...pins.filter(({ alias }) => meant.some((name) => alias === `vmssh-${name}`)),
  ];
  const byName = [...meant, ...(alike ?? [])].map((name) => `vmssh-${name}`);
  const known = [found && hostKeyAlias(found), ...byName].flatMap((each) => each ?? []);
  // An ssh that does not ask vmssh keeps a key by the target, as it was typed.
  const targets = [...(found?.machine ? [found.machine] : []), ...entries].flatMap(({ target, uuid }) => [
    target.toLowerCase(),
    ...(uuid !== undefined && target.startsWith('hyper-v/') ? [`hyper-v/${uuid}`] : []),
  ]);
  const typedOnly = [typed, ...(id === undefined ? [] : [id]), ...targets];
  // Of a hypervisor's machine nobody here knows which one has the name now.
  const isThere = found?.machine !== undefined || found?.target.kind === 'via';
  if (isThere) return { names: typedOnly, known, meant, own: pinsOfIt };
  // A UUID that another Host has is that of a machine which has another name now.
  const isItsOwn = ({ uuid }: MachineRecord) =>
    hosts.every((entry) => entry.uuid !== uuid || entries.includes(entry));
  const lost = [...known, ...entries.filter(isItsOwn).flatMap((entry) => aliasOf(entry) ?? [])];
  return { names: [...typedOnly, ...lost], known: lost, meant };
}

function reportOf(typed: string, { removed, forgotten, kept }: Forgotten, { terminal }: Io) {
  const names = [...new Set(forgotten.flatMap(shownNames))].filter((name) => name !== typed);
  const also = names.length === 0 || terminal.stdout ? '' : `, also known as ${names.join(', ')}`;
  const keys = removed === 1 ? 'the host key' : `${removed} host keys`;
  const lines = removed === 0 ? [] : [`Forgot ${keys} of ${quote(typed)}${also}`];
  const others = kept.map(ofAlias).map((name) => {
    return `${quote(typed)} no longer means ${name}, whose own host key is kept: vmssh forget ${name}`;
  });
  return [...lines, ...others];
}

function ofAlias(alias: string): string {
  return alias.replace(/^vmssh-/, '');
}

/** A pin's names as they are typed, without those that only have a digest. */
function shownNames({ alias, names }: Pin): readonly string[] {
  const all = [ofAlias(alias), ...names].filter((name) => !name.includes('='));
  return all.map((name) => name.replace(/^host%/, ''));
}

function undoHint({ name }: GuestKeys, io: Io): string {
  return `vmssh guest credentials made a host key for ${quote(name)}: ${undoCommand(name, io)} removes it`;
}

function fixFor(target: string): string {
  const known = asTarget(target);
  if (known && !isNamed(known)) return 'the key of an address is kept as it was typed for ssh';
  return 'keys are kept by the UUID of a machine: vmssh list -o wide shows it with its name and target';
}
