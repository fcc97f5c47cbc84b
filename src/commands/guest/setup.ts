import { spawn } from 'node:child_process';
import { exitCode, quote } from '../../base/errors.js';
import type { Command, Read } from '../../cli/command.js';
import { CommandError, flag, oneOf, readAll, UsageError } from '../../cli/command.js';
import { everyStepOption } from '../../cli/guest.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import { canPick } from '../../cli/terminal.js';
import { dryRunOption } from '../../hosts/options.js';
import type { Io } from '../../process/io.js';
import { ended } from '../../process/terminate.js';
import { splitUser } from '../../reach/login.js';
import { setupScreen, silentScreen } from '../../setup/screen.js';
import { toSetUp } from '../../setup/step.js';
import type { SetupSteps } from '../../setup/steps.js';
import { accountOf } from '../../ssh/folder.js';

const own = {
  ...toSetUp,
  dryRun: dryRunOption,
  yes: flag({ long: 'yes', short: 'y', summary: 'do not ask' }),
  undo: flag({ long: 'undo', summary: 'take back what an earlier run did, here and in the machine' }),
  for: oneOf({
    long: 'for',
    value: 'root',
    choices: ['root'],
    summary: 'with sudo: set up the login of root (default: your own)',
  }),
  verbose: everyStepOption,
  json: jsonOption,
};

/** What an undo takes, too. */
const undoes: readonly unknown[] = [own.by, own.key, own.all];

interface SetupFlags extends Read<typeof own> {
  readonly names: readonly string[];
}

export const setup: Command<SetupFlags> = {
  name: 'setup',
  summary:
    'set up ssh NAME through the manager of the machine, or by one login: your key, its host key, its Host',
  usage: '[NAME...]',
  details: `It shows first what it will do, and asks once. Podman, Docker, Incus, LXD, systemd-nspawn (by sudo), libvirt (by the guest agent), Lima, Multipass or WSL starts a script in the machine as root: that looks for an sshd, puts your
public key into authorized_keys with the rights of that account, and makes a host key if there is none. libvirt adds the vsock device that a machine lacks. If the machine has a socket and nothing listens there, it does what guest install does. Where no manager goes in, it logs in as the account, and ssh asks for the password once. The host key is read in the
same way, or as the login shows it, and pinned, and config install writes the Host with that user and key. At the end it logs in. Nothing of yours is overwritten; it can be run again.`,
  options: Object.values(own),
  exclusive: [
    ...Object.values(toSetUp).flatMap((each) => (undoes.includes(each) ? [] : [[own.undo, each]])),
    [own.by, own.bring],
    [own.install, own.bring],
    [own.noConfig, own.bring],
  ],
  examples: {
    'vmssh setup mint && ssh mint': 'a machine of vmssh list that runs',
    'vmssh setup --dry-run podman/web': 'only show what it would do',
    'vmssh setup --user ann --key ~/.ssh/work.pub --yes web db': 'in a script',
    'vmssh setup --user ann mint': 'a virtual machine that takes the password of ann',
    'vmssh setup --undo mint': 'take it back',
  },

  parse(raw) {
    const options = readAll(raw, own);
    for (const name of raw.positionals) {
      const { user, host } = splitUser(name);
      const problem = `${quote(name)}: the account has an option of its own`;
      if (user !== undefined) throw new UsageError(problem, `vmssh setup --user ${user} ${host}`);
    }
    if (options.all && !options.undo) throw new UsageError('--all goes with --undo');
    return { names: raw.positionals, ...options };
  },

  async run(options, io) {
    const { names, for: whose } = options;
    const person = whose === undefined ? callerOfSudo(io.env) : undefined;
    if (person) return setUpFor(person, process.argv.slice(2), io);
    const targets = names.length > 0 ? names : await picked(io);
    if (targets === undefined) return exitCode.interrupted;
    const { withOneLogin } = await import('../../machines/hypervisors.js');
    return withOneLogin(targets, io, (sharing) => setUpAll(targets, options, sharing));
  },
};

async function setUpAll(
  targets: readonly string[],
  { names: _, for: __, dryRun, yes, undo, verbose, json, ...options }: SetupFlags,
  io: Io,
): Promise<number> {
  const signal = io.interrupted();
  const screen = json ? silentScreen : await setupScreen({ names: targets, undo, verbose }, io);
  const { sayShellTrouble, settingUp, takingBack } = await import('../../setup/steps.js');
  // The plan is shown, and asked for: with --yes it is not.
  const asked = { ...options, takeName: options.takeName || !yes };
  const work = (undo ? takingBack : settingUp)({ options: asked, io, signal, show: screen.show });
  const finish = (all: readonly SetupSteps[], code = codeFor(all)) => {
    if (json) io.out(formatJson(setupJson(all, code)));
    return code;
  };
  const inTurn = async <T extends string | SetupSteps, R>(
    all: readonly T[],
    make: (one: T) => Promise<R>,
  ) => {
    const made: R[] = [];
    for (const each of all) {
      const name = typeof each === 'string' ? each : each.name;
      screen.begin(name);
      made.push(await make(each));
      signal.throwIfAborted();
    }
    return made;
  };
  const plans = await inTurn(targets, work.plan);
  const isReady = plans.every(({ steps }) => steps.every(({ state }) => state !== 'changed'));
  const failed = plans.filter((plan) => codeFor([plan]) !== exitCode.ok);
  if (failed.length > 0) {
    screen.refused(failed.map(({ name }) => name));
    return finish(plans);
  }
  screen.planned(plans, isReady);
  if (dryRun || (undo && isReady)) {
    screen.dryRun(isReady);
    return finish(plans, isReady ? exitCode.ok : exitCode.connect);
  }
  const isWanted = async () => yes || (await import('../../machines/picker.js')).mayCarryOut(io);
  if (!isReady && !(await isWanted())) return finish(plans, exitCode.interrupted);
  const done = await inTurn(plans, work.carryOut);
  screen.done(done, isReady);
  if (!undo && !json && !options.noConfig) await sayShellTrouble(io);
  if (options.noConfig && !json) io.out(done.map(({ lines = '' }) => `\n${lines}`).join(''));
  return finish(done);
}

/** The account that called sudo. Undefined: none did, or it is root's own. Throws a CommandError for an unknown one. */
function callerOfSudo({ SUDO_UID = '' }: Io['env']) {
  if (process.getuid?.() !== 0 || !/^[1-9]\d{0,9}$/.test(SUDO_UID)) return undefined;
  const person = accountOf(Number(SUDO_UID));
  if (person) return person;
  const hint = 'run it without sudo; for the machines and the ssh of root: --for root';
  const problem = `the password database does not name uid ${SUDO_UID}, which called sudo`;
  throw new CommandError('NOT_FOUND', problem, hint);
}

/** What a child gets of the caller's environment: nothing that leads to root's own folders or services. */
const kept = ['PATH', 'TERM', 'NO_COLOR', 'FORCE_COLOR', 'CI'] as const;

/**
 * A child that has become the account that called sudo does all of it, on the same terminal: that account's files are
 * not root's to read. Where only root goes into a machine, the child asks sudo. Throws a CommandError.
 */
async function setUpFor(
  { name, home }: { readonly name: string; readonly home: string },
  words: readonly string[],
  { env, self, err, ignoreInterrupts }: Io,
): Promise<number> {
  ignoreInterrupts();
  const own = { HOME: home, USER: name, LOGNAME: name };
  const passed = Object.fromEntries(kept.flatMap((each) => (env[each] ? [[each, env[each]]] : [])));
  const options = { env: { ...passed, ...own }, stdio: 'inherit' } as const;
  const child = spawn('runuser', ['-u', name, '--', ...self, ...words], options);
  const { code } = await ended(child).catch(({ code: reason, message }: NodeJS.ErrnoException) => {
    throw new CommandError(`${reason}`, `cannot become ${name}: ${message}`, 'run it without sudo');
  });
  if (code === exitCode.notFound)
    err(`hint: it was looked for as ${name} has it; for the machines and the ssh of root: --for root\n`);
  return code ?? exitCode.connect;
}

function codeFor(all: readonly SetupSteps[]): number {
  const isDone = all.every(({ steps }) => steps.every(({ state }) => state !== 'failed'));
  return isDone ? exitCode.ok : exitCode.connect;
}

async function picked(io: Io): Promise<readonly string[] | undefined> {
  if (!canPick(io)) throw new UsageError('no machine was named', 'vmssh list shows the names');
  const machine = await (await import('../../machines/picker.js')).pickMachine(io);
  return machine && [machine.target];
}

export type SetupJson = Envelope<'setup'> & { readonly machines: readonly SetupSteps[] };

/** A plan has more than its steps. */
function setupJson(all: readonly SetupSteps[], code: number): SetupJson {
  const machines = all.map(({ name, target, host, user, steps, lines }): SetupSteps => {
    return { name, target, host, user, steps, lines };
  });
  return { ...envelope('setup', code), machines };
}
