import { hopHostProblem } from '../address/hop-host.js';
import { nameProblem } from '../address/machine-name.js';
import { ConnectError } from '../errors.js';
import { resolveVia } from '../resolve/via.js';
import type { Split } from '../target/split.js';
import type { AnyTarget, ViaTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** via/HOST/TARGET: a machine behind another hypervisor, which the user's own ssh reaches. */
export const viaKind: Kind<ViaTarget> = {
  name: 'via',
  form: 'via/HOST/TARGET',
  summary: 'a machine on another hypervisor: HOST as in ssh HOST, and what you would type there',
  separators: '/%',
  rest: 'address',
  from: 'anywhere',
  takesPort: true,
  hostKey: 'machine',
  providers: [],
  parse: parseVia,
  resolve: resolveVia,
};

function parseVia({ rest }: Split, parseInner: (text: string) => AnyTarget): ViaTarget {
  const end = rest.search(/[/%]/);
  if (end < 0) throw new RangeError('a target or a name must follow the hypervisor');
  const host = rest.slice(0, end);
  const target = rest.slice(end + 1);
  const problem =
    hopHostProblem(host) ?? (target === '' ? 'the target after the hypervisor is empty' : undefined);
  if (problem !== undefined) throw new RangeError(problem);
  const inner = innerTarget(target, parseInner);
  return { kind: 'via', host, target, ...(inner ? { inner } : {}) };
}

/** Undefined for a machine's name. */
function innerTarget(text: string, parseInner: (text: string) => AnyTarget): AnyTarget | undefined {
  try {
    return parseInner(text);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const problem = /[/%:]/.test(text) ? `${error.problem}: ${JSON.stringify(text)}` : nameProblem(text);
    if (problem !== undefined) throw new RangeError(problem);
    return undefined;
  }
}
