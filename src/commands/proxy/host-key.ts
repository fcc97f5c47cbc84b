import { dirname } from 'node:path';
import { quote } from '../../base/errors.js';
import { confine } from '../../base/native.js';
import { type Command, flag, positionals, readAll, textOption } from '../../cli/command.js';
import { pinsOf } from '../../keys/decide.js';
import { keyOwner } from '../../keys/key-owner.js';
import type { MachineKeys, Refused } from '../../keys/machine-keys.js';
import { caOf, machineKeys, nameToForget, refusalOf } from '../../keys/machine-keys.js';
import { pinPrint } from '../../keys/pins.js';
import { leaveRecord, type ReachedRecord, readRecord, recordFolders } from '../../keys/record.js';
import { changedKey } from '../../keys/refusal.js';
import { noteKey, type Settled, settleKey } from '../../keys/settle-key.js';
import type { Io } from '../../process/io.js';
import { certificateIn } from '../../ssh/certificate.js';
import { ownHome } from '../../ssh/folder.js';
import type { ShownKey } from '../../ssh/known-hosts.js';
import { shellQuoted } from '../../typed/shell.js';

interface HostKeyOptions {
  /** Why ssh asks: ORDER before the key exchange, HOSTNAME for its result. */
  readonly reason: string;
  /** The name by which ssh looks the key up. */
  readonly host: string;
  readonly shown: ShownKey;
  readonly typed?: string;
  /** Our known_hosts file, which the lines name to ssh too; undefined: that of HOME. */
  readonly file?: string;
  readonly throwaway: boolean;
}

const own = {
  file: textOption({ long: 'file', value: 'PATH', summary: "vmssh's known_hosts file" }),
  typed: textOption({ long: 'typed', value: 'NAME', summary: 'what was typed' }),
  throwaway: flag({ long: 'throwaway', summary: 'ssh keeps no key of this machine' }),
};

/** vmssh host-key REASON HOST TYPE KEY: the KnownHostsCommand. The proxy has left what it reached; only whose an address is, is looked up here. */
export const hostKey: Command<HostKeyOptions> = {
  name: 'host-key',
  summary: "tell ssh a machine's host key: what ssh runs as KnownHostsCommand",
  usage: 'REASON HOST TYPE KEY',
  options: Object.values(own),
  examples: {},

  parse(raw) {
    const [reason = '', host = '', type = '', key = ''] = positionals(raw, 4, 4, 'REASON HOST TYPE KEY');
    return { reason, host, shown: { type, key }, ...readAll(raw, own) };
  },

  async run({ reason, host, shown, typed, file, throwaway }, started) {
    if (reason !== 'ORDER' && reason !== 'HOSTNAME') return 0;
    const reached = await reachedFor(reason, started);
    // The file is in ~/.ssh of the user who wrote the lines, whatever HOME is now.
    const home = file === undefined ? {} : { HOME: dirname(dirname(file)) };
    const io = { ...started, env: { ...started.env, ...home } };
    // Whose address it is may have been asked of programs. For this answer no more is asked, and nothing is kept.
    if (reason === 'ORDER') confine('read', io.env);
    if (reason === 'ORDER') {
      if (!reached) return 0;
      const owner = await keyOwner(reached, { typed, host, isKnownOnly: true }, io.env);
      const keys = await machineKeys(owner, io.env);
      for (const line of knownLines(keys)) io.out(`${line.replace('HOST', host)}\n`);
      return 0;
    }
    const owner = await keyOwner(reached, { typed, host }, io.env);
    const keys = await machineKeys(owner, io.env);
    const certificate = certificateIn(shown);
    const plain = certificate?.plain ?? shown;
    const call: Call = { keys, plain, name: typed ?? reached?.text ?? host, io };
    const answer = await answerTo(shown, throwaway, call);
    switch (answer.do) {
      case 'contradict':
        await refuse(answer, call);
        return refused;
      case 'vouch':
        io.out(`${host} ${plain.type} ${plain.key}\n`);
        return 0;
      case 'certify':
        io.out(`@cert-authority ${host} ${certificate && caOf(certificate, keys)}\n`);
        return 0;
      case 'nothing':
        return 0;
    }
  },
};

/** What the proxy has reached; of an address, with the machine that has it now. */
async function reachedFor(reason: 'ORDER' | 'HOSTNAME', { env }: Io): Promise<ReachedRecord | undefined> {
  const place = { folders: recordFolders(env) };
  const reached = readRecord(place, reason === 'HOSTNAME');
  if (reached?.address === undefined || reached.brought) return reached;
  const { withMachine } = await import('../../keys/known-address.js');
  const record = await withMachine(reached, env);
  // Looked up once for both questions.
  if (reason === 'ORDER') leaveRecord(record, place);
  return record;
}

/** ssh then ends the connection, whatever StrictHostKeyChecking says. */
const refused = 1;

interface Call {
  readonly keys: MachineKeys;
  /** The key itself, also of a certificate. */
  readonly plain: ShownKey;
  readonly name: string;
  readonly io: Io;
}

/** For the key exchange: ssh prefers the types of keys that are known. */
function knownLines(keys: MachineKeys): readonly string[] {
  const { reached, made, authorities } = keys;
  const only = reached.brought ?? made;
  const own = only ? [only] : pinsOf(keys);
  const lines = own.map(({ type, key }) => `HOST ${type} ${key}`);
  return [...authorities.map((line) => `@cert-authority HOST ${line}`), ...lines];
}

async function answerTo(shown: ShownKey, keepsNone: boolean, call: Call): Promise<Settled> {
  const { keys, plain, name, io } = call;
  const question = { keys, plain, env: io.env, platform: io.platform, keepsNone };
  const answer = await settleKey(shown, question, {
    asked: () => confine('write', io.env),
    notKept: (path, { message }) =>
      say(io, `the host key of ${quote(name)} could not be written to ${path}: ${message}`),
  });
  const isUnknown = answer.do === 'nothing' && answer.why === 'unknown';
  if (isUnknown && !keepsNone) await noteKey(question);
  const isVouched = answer.do === 'vouch' && answer.pin;
  const isOther = isVouched && answer.why === 'new machine';
  const isAgain = isOther || ((isUnknown || isVouched) && (await wasMadeAgain(call)));
  const lacksKey = isAgain ? `if your key is gone: vmssh setup ${shellQuoted(name)}` : undefined;
  const [notice, help = lacksKey] = noticeOf(answer, call, isAgain);
  if (notice !== undefined) await say(io, notice, help);
  return answer;
}

async function say(io: Io, text: string, help?: string): Promise<void> {
  const { complain } = await import('../../cli/rows.js');
  await complain(text, help, io);
}

/** Whether setup made a login for another machine of its name and manager, as for a container of yesterday. */
async function wasMadeAgain({ keys, io }: Call): Promise<boolean> {
  const machine = keys?.reached.machine;
  if (machine === undefined) return false;
  const { keptLogin } = await import('../../book/logins.js');
  const login = await keptLogin(machine, { ...io, env: ownHome(io.env) });
  return login !== undefined && login.brings !== true && login.uuid !== machine.uuid;
}

/** What is said of a key that is not simply known, and what helps. */
function noticeOf(answer: Settled, { name, keys }: Call, isAgain: boolean): readonly string[] {
  if (answer.do === 'nothing') {
    if (answer.why === 'filed') return [];
    if (answer.why === 'unknown' && isAgain)
      return [`${name} was recreated; nobody on this host can confirm its host key`];
    if (answer.why === 'unknown') return [`nobody on this host can confirm the host key of ${name}`];
    return [
      `no vmssh proxy says which machine ${quote(name)} is, so ssh decides about its host key: ssh -J never does, and a ProxyCommand of yours needs vmssh proxy --record`,
    ];
  }
  if (answer.do !== 'vouch') return [];
  const { machine } = keys.reached;
  const manager = machine?.provider ?? 'its manager';
  // Of one that is not kept nothing else is said.
  if (answer.why === 'brought to another')
    return [
      `${name} is a different machine than before, and has no sshd of its own`,
      `if you expected this: vmssh forget ${shellQuoted(nameToForget(keys.reached, name))}`,
    ];
  if (!answer.pin) return [];
  if (answer.why === 'moved name')
    return [
      `${name} is another of your machines now, by the word of ${manager}, and shows the key known for that`,
    ];
  return isAgain ? [`${name} was recreated; ${manager} confirms its new host key`] : [];
}

/** Why, and the fix on a line of its own. What answers with another key may be no route to the machine: its first one is first again. */
async function refuse(refused: Refused, call: Call): Promise<void> {
  const { keys, name, io, plain } = call;
  const [{ complain }, { forgetRoute }] = await Promise.all([
    import('../../cli/rows.js'),
    import('../../book/remembered.js'),
  ]);
  const { problem, hint } = refusalOf(refused, keys, name, io);
  const [print, isChanged] = [pinPrint(plain), refused.why === 'changed'];
  await complain(
    `the host key of ${quote(name)} is refused: ${plain.type} ${print}: ${problem}`,
    hint,
    io,
    `REFUSED: ${isChanged ? changedKey(name) : `the host key of ${name}: ${problem}`}: shown ${print}`,
  );
  const route = keys.isProved ? await forgetRoute(keys.reached.text, io.env) : undefined;
  if (route !== undefined) await say(io, route);
}
