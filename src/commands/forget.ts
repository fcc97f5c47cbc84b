import { exitCode, quote } from '../errors.js';
import { editFile } from '../files/edit-file.js';
import { asTarget } from '../kinds/parse.js';
import { lookUp } from '../lookup/find-target.js';
import { splitLogin } from '../lookup/login.js';
import { readText } from '../read-file.js';
import { hostKeyAlias, isNamed } from '../ssh/identity.js';
import { knownHostsFile, withoutNames } from '../ssh/known-hosts-file.js';
import { type Command, UsageError } from './command.js';
import { complain } from './words.js';

export interface ForgetOptions {
  readonly targets: readonly string[];
}

/** vmssh forget TARGET…: drops the host keys that are known of a machine, so that the next one is taken. */
export const forget: Command<ForgetOptions> = {
  name: 'forget',
  summary: 'forget the host key of a machine, so that its new one is taken (docs/host-keys.md)',
  usage: 'TARGET...',
  details: 'Exits with 4 where no key is known. Only ~/.ssh/vmssh_known_hosts is touched.',
  options: [],
  examples: [
    { line: 'vmssh forget mint', about: 'the machine was installed anew' },
    { line: 'vmssh forget 01234567-89ab-cdef-0123-456789abcdef', about: 'by its UUID, when it is gone' },
  ],

  parse({ positionals }) {
    if (positionals.length === 0) throw new UsageError('expected one or more targets, got nothing');
    return { targets: positionals };
  },

  async run({ targets }, io) {
    const path = knownHostsFile(io.env);
    let code: number = exitCode.ok;
    for (const { host: target } of targets.map(splitLogin)) {
      const names = await namesOf(target, () => lookUp(target, io));
      const text = await readText(path).catch(() => '');
      const left = withoutNames(text, names);
      if (left.removed > 0) {
        await editFile(path, () => Buffer.from(left.text), 0o600);
        io.out(
          `forgot ${left.removed === 1 ? 'the host key' : `${left.removed} host keys`} of ${quote(target)}\n`,
        );
      } else {
        await complain(`no host key of ${quote(target)} is known in ${path}`, cureFor(target), io);
        code = exitCode.notFound;
      }
    }
    return code;
  },
};

/** What known_hosts may have a machine by. One that is gone is known by what was typed alone: its UUID, or its target. */
async function namesOf(typed: string, find: () => ReturnType<typeof lookUp>): Promise<readonly string[]> {
  const own = [
    typed,
    typed.replaceAll('%', '/'),
    typed.replaceAll('/', '%'),
    hostKeyAlias({ uuid: uuidOf(typed) }) ?? typed,
  ];
  try {
    const { text, machine } = await find();
    const alias = machine && hostKeyAlias(machine);
    const targets = [text, ...(machine?.also ?? [])].flatMap((each) => [each, each.replaceAll('/', '%')]);
    return [...own, ...targets, ...(alias === undefined ? [] : [alias])];
  } catch {
    return own;
  }
}

function cureFor(target: string): string {
  const known = asTarget(target);
  if (known && !isNamed(known)) return 'of an address no key is kept: there is none to forget';
  return 'keys are kept by the UUID of a machine: vmssh list -o wide shows it with its name and target';
}

function uuidOf(typed: string): string {
  const hex = typed.replace(/^.*\//, '').replaceAll(/[-{}]/g, '').toLowerCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
