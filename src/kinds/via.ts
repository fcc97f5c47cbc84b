import { ConnectError, quote } from '../base/errors.js';
import { builtInWords, isOutsideName } from '../sources/outside/file.js';
import { hopHost, nameProblem, parseName, type Split, similarTo, split } from '../typed/names.js';
import { routeToHop } from '../typed/socket-target.js';
import type { AnyTarget, OutsideTarget, ViaTarget } from '../typed/target.js';
import type { Kind } from './kind.js';

export const viaKind: Kind<ViaTarget> = {
  name: 'via',
  form: 'via/HOST/TARGET',
  summary: 'a machine on another hypervisor: HOST as in ssh HOST, and what you would type there',
  separators: '/%',
  rest: 'address',
  from: 'anywhere',
  takesPort: true,
  network: true,
  sources: [],
  parse: parseVia,
  resolve: (target, context) => ({ steps: [], routes: [routeToHop(target, context)] }),
};

/** As many as fit into one command: each quotes what the next one gets, and Linux takes 128 KiB as an argument. */
export const maxHops = 6;
const tooManyHops = new RegExp(`^(?:[^/%]*[/%]via[/%]){${maxHops}}`, 'i');

function parseVia({ rest }: Split, parseInner: (text: string) => AnyTarget): ViaTarget {
  const end = rest.search(/[/%]/);
  if (end < 0) throw new RangeError('a target or a name must follow the hypervisor');
  // Before anything is parsed: of text from others, each level would take its time.
  if (tooManyHops.test(rest))
    throw new RangeError(`it has more than ${maxHops} hypervisors, one behind the other`);
  const host = hopHost(rest.slice(0, end));
  const target = rest.slice(end + 1);
  if (target === '') throw new RangeError('the target after the hypervisor is empty');
  const inner = innerTarget(target, parseInner);
  return { kind: 'via', host, target, ...(inner ? { inner } : {}) };
}

function innerTarget(text: string, parseInner: (text: string) => AnyTarget): AnyTarget | undefined {
  const outside = outsideTarget(text);
  if (outside) return outside;
  try {
    return parseInner(text);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { word, separator } = split(text);
    // Another hop has quoted its own part.
    if (word === 'via' && separator !== '') throw new RangeError(error.problem);
    const problem = separator === '' ? nameProblem(text) : `${error.problem}: ${quote(text)}`;
    if (problem !== undefined) throw new RangeError(problem);
    return undefined;
  }
}

/** A machine of a source that the hypervisor's sources.json has: this host's own has no say in it. */
function outsideTarget(text: string): OutsideTarget | undefined {
  const { word, separator, rest } = split(text);
  if ((separator !== '/' && separator !== '%') || !isOutsideName(word)) return undefined;
  // More likely one of vmssh's own kinds, mistyped.
  if (similarTo(word, builtInWords).length > 0) return undefined;
  return { kind: 'outside', source: word, name: parseName(rest, 'machine name') };
}
