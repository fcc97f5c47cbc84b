import { ConnectError, type ConnectErrorInit, quote, quoteNames } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import { programInPath } from '../process/program-in-path.js';
import { similarTo } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';
import { offered } from '../typed/shell.js';
import { addressOf } from './routes.js';
import { match } from './search.js';
import type { DiscoveredMachine, ResolveContext, Search, Source, Warning } from './source.js';
import { closed, isFailure, isSilence, leftOutCode } from './source.js';
import { withToolFolders } from './trusted-path.js';

/** Who was asked for a machine, and the hints for each failure. */
export interface SearchWords {
  readonly title: string;
  /** The clause for an unknown machine, if not "TITLE has no machine NAME". */
  readonly missing?: string;
  /** The clause if no machine at all was found, if not "MISSING: found none". */
  readonly empty?: string;
  readonly hints: { readonly unknown: string; readonly ambiguous?: string; readonly unavailable?: string };
}

export function searchWordsOf({ name, title, listCommand, hints }: Partial<Source> = {}): SearchWords {
  return { title: title ?? '', hints: { unknown: listCommand ?? `vmssh list --provider ${name}`, ...hints } };
}

/** The same if the programs of all these sources are missing, and so their `listCommand` would be. */
export function notInstalled(asked: readonly Source[], context: ResolveContext): SearchWords | undefined {
  const there = withToolFolders(context.env, context.platform);
  const programs = new Set(asked.flatMap((source) => source.programs ?? []));
  const isThere = [...programs].some((each) => programInPath(each, there));
  const [{ title = '' } = {}] = asked;
  if (programs.size === 0 || isThere || !asked.every((source) => source.listCommand)) return undefined;
  const empty = `no machine of ${title} was found, and no ${[...programs].join(' or ')} in PATH`;
  return { title, empty, hints: { unknown: `is ${title} installed? see vmssh list` } };
}

/** The machine that a search found. Throws a ConnectError that says why there is none. `text`: the target as typed. */
export function machineOrThrow<M>(search: Search<M>, name: string, text: string, asked: SearchWords): M {
  const fail = (code: string, problem: string, hint: string, more?: Partial<ConnectErrorInit>) =>
    new ConnectError('resolve', text, { code, problem, hint, ...more });
  switch (search.outcome) {
    case 'found':
      return search.machine;
    case 'ambiguous': {
      const problem = `${quote(name)} may be ${quoteNames(search.means, ' or ', offered)}`;
      const usual = 'type one of these; vmssh list -o wide shows what each is';
      throw fail('AMBIGUOUS', problem, asked.hints.ambiguous ?? usual, { final: true });
    }
    case 'unknown': {
      const { known, warnings } = search;
      const failed = warnings.filter(isFailure);
      // Whether it has the machine is then unknown.
      if (known.length === 0 && failed.length > 0 && asked.missing === undefined)
        throw fail(
          'NOT_FOUND',
          `${asked.title} could not be asked${failures(failed).replace(/^;/, ':')}`,
          ifClosed(failed) ?? search.hint ?? asked.hints.unavailable ?? asked.hints.unknown,
        );
      const missing = asked.missing ?? search.missing ?? `${asked.title} has no machine ${quote(name)}`;
      const similar = similarTo(name, known);
      // As "api" of Compose's "shop-api-1", and "lima-default", as Lima's own Host is called.
      const isPart = (each: string) =>
        each.toLowerCase().split(/[-_.]/).includes(name.toLowerCase()) ||
        name.toLowerCase().endsWith(`-${each.toLowerCase()}`);
      const near = similar.length > 0 ? similar : known.filter(isPart).slice(0, 3);
      // Of very many the near ones are enough.
      const shown = known.length <= maxNames ? known : near;
      const names =
        known.length === 0
          ? (asked.empty ?? search.missing ?? `${missing}: found none`)
          : shown.length === 0
            ? `${missing}: none of the ${known.length} that were found is like it`
            : `${missing}: found ${quoteNames(shown, ', ')}`;
      const [silent] = silentFor(name, warnings);
      // One that could not be asked may have just that name.
      const unasked = failed.find(({ machine }) => machine === undefined);
      const didYou = near.length > 0 && `did you mean ${near.map((each) => offered(each)).join(' or ')}?`;
      const hints = [
        silent && `${silent.provider} did not answer, and may have it: try again`,
        ifClosed(failed),
        search.hint,
        unasked && [didYou || [], ifUnasked(unasked)].flat().join(' '),
        didYou,
      ];
      const hint = hints.find((hint) => typeof hint === 'string') || asked.hints.unknown;
      throw fail('NOT_FOUND', `${names}${failures(warnings)}`, hint);
    }
    case 'unavailable': {
      const { code, problem, warnings, final, cause } = search;
      const hint = search.hint ?? asked.hints.unavailable ?? asked.hints.unknown;
      const why = isFailure({ code }) ? 'could not be asked:' : `has ${quote(name)}, but`;
      throw fail(code, `${asked.title} ${why} ${problem}${failures(warnings)}`, hint, { final, cause });
    }
  }
}

/** Throws a ConnectError if a source that did not answer in time may have a machine of the same name. An id is the machine's own. */
export function refuseIfSilent(
  { uuid, container, target, routes }: DiscoveredMachine,
  name: string,
  text: string,
  warnings: readonly Warning[],
): void {
  const isId = parseUuid(name) !== undefined || container?.id.startsWith(name) === true;
  const silent = silentFor(name, warnings);
  if (silent.length === 0 || isId) return;
  const [{ provider = '' } = {}] = silent;
  const byId = uuid === undefined ? addressOf({ routes }) : target.replace(/[^/]*$/, uuid);
  const own = target === text ? byId : target;
  const isTyped = own !== undefined && /^[a-z-]+[/:]/.test(own);
  const again = `try again once ${provider} answers: vmssh list --provider ${provider}`;
  throw new ConnectError('resolve', text, {
    code: 'TIMEOUT',
    problem: `${quote(name)} may also be a machine of a source that did not answer${failures(silent).replace(/^;/, ':')}`,
    hint: isTyped ? `type ${offered(own)} for the one that was found, or ${again}` : again,
  });
}

/** Who did not answer in time and may be meant: a source, or a machine whose name is known. */
function silentFor(name: string, warnings: readonly Warning[]): readonly Warning[] {
  const mayMean = ({ machine }: Warning) =>
    machine === undefined || match(name, [{ name: machine }]).length > 0;
  return warnings.filter((warning) => isSilence(warning) && mayMean(warning));
}

/** The fix if a manager's socket is not open to this user. */
function ifClosed(failed: readonly Warning[]): string | undefined {
  const { provider: whose } = failed.find(({ code }) => code === closed) ?? {};
  const join = 'you can also join the group of that socket, and log in again';
  return whose && `if it is root's: use sudo; if it is one of ${whose}, ${join}`;
}

function ifUnasked({ provider, code }: Warning): string {
  if (code === leftOutCode) return `${provider} may have it: vmssh list --provider ${provider}`;
  return `${provider} could not be asked, and may have it: vmssh doctor`;
}

/** Shown if none of them is near. */
const maxNames = 5;

/** How many warnings of one source are shown. */
const maxWarnings = 3;

/** Why sources could not be asked. What is wrong with rows of a list, and many warnings, are for that list. */
function failures(warnings: readonly Warning[]): string {
  const clauses = [...groupBy(warnings, ({ provider }) => provider)].flatMap(([provider, all]) =>
    all.length > maxWarnings || all.some(({ code }) => code === leftOutCode)
      ? [`; not all of ${provider} can be shown`]
      : all.map(({ problem, code }) => `; ${problem} (${code})`),
  );
  return clauses.join('');
}
