import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { type Command, oneOf, positionals, textOption } from '../../cli/command.js';
import { printable, quote } from '../../errors.js';
import { certificateIn } from '../../identity/certificate.js';
import { pinsOf, type Refusal } from '../../identity/decide.js';
import type { ShownKey } from '../../identity/known-hosts.js';
import { pinPrint } from '../../identity/pins.js';
import { type HostKeyPolicy, hostKeyPolicies } from '../../identity/policy.js';
import { leaveRecord, type ReachedRecord, readRecord, recordFolders } from '../../identity/record.js';
import { silenceOf } from '../../identity/refusal.js';
import { confine } from '../../native.js';
import type { Io } from '../../process/io.js';
import { ownHome } from '../../ssh/folder.js';
import { keyOwner } from '../../ssh/key-owner.js';
import type { MachineKeys, Refused } from '../../ssh/machine-keys.js';
import { machineKeys, nameToForget, refusalOf } from '../../ssh/machine-keys.js';
import { type Settled, settleKey } from '../../ssh/settle-key.js';
import { shellQuoted } from '../../typed/shell.js';

interface HostKeyOptions {
  /** Why ssh asks: ORDER before the key exchange, HOSTNAME for its result. */
  readonly reason: string;
  /** The name by which ssh looks the key up. */
  readonly host: string;
  readonly shown: ShownKey;
  readonly typed?: string;
  /** Undefined: as the user's files say. */
  readonly policy?: HostKeyPolicy;
}

const own = {
  policy: oneOf({
    long: 'host-keys',
    value: 'POLICY',
    choices: hostKeyPolicies,
    summary: 'what to do about an unknown key',
  }),
  typed: textOption({ long: 'typed', value: 'NAME', summary: 'what was typed' }),
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
    return { reason, host, shown: { type, key }, typed: own.typed.read(raw), policy: own.policy.read(raw) };
  },

  async run({ reason, host, shown, typed, policy }, io) {
    if (reason !== 'ORDER' && reason !== 'HOSTNAME') return 0;
    const reached = await reachedFor(reason, io);
    // Whose address it is may have been asked of programs. For this answer no more is asked, and nothing is kept.
    if (reason === 'ORDER') confine('read', io.env);
    if (reason === 'ORDER') {
      if (!reached) return 0;
      const owner = await keyOwner(reached, { typed, host, isKnownOnly: true }, io.env);
      const keys = await machineKeys(owner, io.env);
      for (const line of knownLines(keys)) io.out(`${line.replace('HOST', host)}\n`);
      return 0;
    }
    const { configOfCall } = await import('../../ssh/policy/asking-ssh.js');
    const owner = await keyOwner(reached, { typed, host }, io.env);
    const keys = await machineKeys(owner, io.env, configOfCall());
    const plain = certificateIn(shown)?.plain ?? shown;
    const call: Call = { keys, plain, name: typed ?? reached?.text ?? host, io };
    const answer = await answerTo(shown, policy, call);
    if (answer.do === 'refuse') {
      await complain(answer, call);
      return refused;
    }
    if (answer.do === 'accept') io.out(`${host} ${plain.type} ${plain.key}\n`);
    return 0;
  },
};

/** What the proxy has reached; of an address, with the machine that has it now. */
async function reachedFor(reason: 'ORDER' | 'HOSTNAME', { env }: Io): Promise<ReachedRecord | undefined> {
  const place = { folders: recordFolders(env) };
  const reached = readRecord(place, reason === 'HOSTNAME');
  if (reached?.address === undefined || reached.brought) return reached;
  const { withMachine } = await import('../../identity/known-address.js');
  const found = await withMachine(reached, env);
  // Looked up once for both questions.
  if (reason === 'ORDER') leaveRecord(found, place);
  return found;
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

async function answerTo(shown: ShownKey, lines: HostKeyPolicy | undefined, call: Call): Promise<Settled> {
  const { keys, plain, name, io } = call;
  const answer = await settleKey(
    shown,
    { keys, plain, env: io.env, platform: io.platform },
    {
      async policy() {
        const [{ keyPolicy }, { askingSsh }] = await Promise.all([
          import('../../ssh/policy/key-policy.js'),
          import('../../ssh/policy/asking-ssh.js'),
        ]);
        return keyPolicy(io, { login: () => askingSsh(io), lines, note: (line) => say(io, line) });
      },
      asked: () => confine('write', io.env),
      user: () => saidYes(call),
      notKept(path, { message }) {
        say(io, `the host key of ${quote(name)} could not be written to ${path}: ${message}`);
      },
    },
  );
  // Of one that is not kept nothing else is said.
  const isOther = answer.why === 'brought to another';
  const isSaid = answer.do === 'nothing' || (answer.do === 'accept' && (answer.pin || isOther));
  const notice = isSaid ? noticeOf(answer.why, call) : undefined;
  if (notice !== undefined) say(io, notice);
  if (isSaid && answer.do === 'accept' && (await wasMadeAgain(call)))
    say(io, `${quote(name)} was made again, and may lack your key: vmssh setup ${shellQuoted(name)}`);
  return answer;
}

function say({ err, program }: Pick<Io, 'err' | 'program'>, text: string): void {
  err(`${program}: ${printable(text)}\n`);
}

/** Whether setup made a login for another machine of its name and manager, as for a container of yesterday. */
async function wasMadeAgain({ keys, io }: Call): Promise<boolean> {
  const machine = keys?.reached.machine;
  if (machine === undefined) return false;
  const { keptLogin } = await import('../../ssh/config/logins.js');
  const login = await keptLogin(machine, { ...io, env: ownHome(io.env) });
  return login !== undefined && login.brings !== true && login.uuid !== machine.uuid;
}

/** On the terminal: stdin is not ssh's. */
function saidYes(call: Call): boolean {
  const { keys, name } = call;
  const { silent } = keys.reached;
  let terminal: number;
  try {
    terminal = openSync('/dev/tty', 'r+');
  } catch {
    return false;
  }
  try {
    const who = silent ? `${silenceOf(silent)}.\n` : '';
    const question = `The host key of ${quote(name)} is not known: ${shownKey(call)}.\n${who}Accept and keep it (yes/no)? `;
    writeSync(terminal, Buffer.from(question));
    return lineFrom(terminal).trim().toLowerCase() === 'yes';
  } catch {
    return false;
  } finally {
    closeSync(terminal);
  }
}

function lineFrom(file: number): string {
  const bytes = Buffer.alloc(1);
  let text = '';
  while (text.length < 100 && readSync(file, bytes) === 1 && bytes[0] !== 0x0a)
    text += bytes.toString('latin1');
  return text;
}

function noticeOf(why: Exclude<Settled['why'], Refusal>, call: Call): string | undefined {
  const who = quote(call.name);
  const key = shownKey(call);
  switch (why) {
    case 'unproved':
      return `no vmssh proxy says which machine ${who} is, so its host key is not known: ssh -J and the ProxyCommand of another program never do${noteProblem(call.io)}`;
    case 'brought to another': {
      const name = shellQuoted(nameToForget(call.keys.reached, call.name));
      return `${who} is a different machine than before, and has no sshd of its own; if you expected this: ${call.io.program} forget ${name}`;
    }
    case 'new machine':
      return `${who} is a different machine than before; its manager confirms the host key that it shows, ${key}; if it was made again, and your key is not in it: ${call.io.program} setup ${shellQuoted(call.name)}`;
    case 'moved name':
      return `${who} is another of your machines now, as its manager says: it shows the key that is known for it, ${key}`;
    case 'by manager':
      return `${who} shows the host key that its manager confirms, ${key}: kept`;
    case 'first':
      return `the host key of ${who} is new: ${key}, kept from now on`;
    default:
      return undefined;
  }
}

function shownKey({ plain }: Call): string {
  return `${plain.type} ${pinPrint(plain)}`;
}

/** One line that says why, with the fix. What answers with another key may be no route to the machine: its first one is first again. */
async function complain(refused: Refused, call: Call): Promise<void> {
  const { keys, name, io } = call;
  const [{ pasteable }, { forgetRoute }] = await Promise.all([
    import('../../cli/failure.js'),
    import('../../reach/remembered.js'),
  ]);
  const { problem: clause, hint } = refusalOf(refused, keys, name, io);
  const problem = refused.why === 'no record' ? `${clause}${noteProblem(io)}` : clause;
  say(io, `the host key of ${quote(name)} is refused: ${shownKey(call)}: ${problem}; ${pasteable(hint, io)}`);
  const route = keys.unproved ? undefined : await forgetRoute(keys.reached.text, io.env);
  if (route !== undefined) io.err(`${io.program}: ${route}\n`);
}

/** Why a proxy could not say either; "" if it could have. */
function noteProblem({ env }: Io): string {
  const place = { folders: recordFolders(env) };
  try {
    leaveRecord({ text: '' }, place);
    readRecord(place, true);
    return '';
  } catch (error) {
    return `; no proxy can say so now: ${(error as Error).message}`;
  }
}
