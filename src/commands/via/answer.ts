import { parseUuid } from '../../address/guid.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { type Status, statuses, type Warning } from '../../discovery/provider.js';
import { parseJson } from '../../discovery/tools/json.js';
import type { ConnectError } from '../../errors.js';
import { asTarget } from '../../kinds/parse.js';

type Json = Readonly<Record<string, unknown>>;

/** The machines in what `vmssh list --json` printed on a hypervisor: nothing of it is trusted. Throws what `fail` makes. */
export function answered(
  host: string,
  text: string,
  fail: (code: string, problem: string, hint?: string) => ConnectError,
): { readonly machines: readonly ListedMachine[]; readonly warnings: readonly Warning[] } {
  const { version, machines, warnings, error } = parse(text);
  const said = textOf(Object(error).problem, 500);
  if (said !== undefined) throw fail('UNKNOWN', `its vmssh: ${said}`);
  if (version !== 1 || !Array.isArray(machines))
    throw fail(
      'PROTOCOL',
      'its vmssh gave an answer that this one does not understand',
      'use the same version on both',
    );
  const found = machines.flatMap((each) => machineOf(host, Object(each)) ?? []);
  const left = machines.length - found.length;
  const unread = {
    provider: `via/${host}`,
    code: 'PROTOCOL',
    problem: `${left} of its machines cannot be shown`,
  };
  const passed = Array.isArray(warnings) ? warnings.map((each) => warningOf(host, Object(each))) : [];
  return { machines: found, warnings: left === 0 ? passed : [...passed, unread] };
}

function parse(text: string): Json {
  try {
    return Object(parseJson(text));
  } catch {
    return {};
  }
}

function machineOf(host: string, json: Json): ListedMachine | undefined {
  const name = textOf(json.name, 1000);
  const there = textOf(json.target, 4096);
  const provider = providerOf(json);
  const status = statuses.find((each) => each === json.status);
  if (name === undefined || there === undefined || provider === undefined || status === undefined)
    return undefined;
  const target = `via/${host}/${there}`;
  if (asTarget(target) === undefined) return undefined;
  const also = Array.isArray(json.also) ? json.also.flatMap((each) => textOf(each, 4096) ?? []) : [];
  const isCid = typeof json.cid === 'number' && Number.isInteger(json.cid) && json.cid >= 0;
  return {
    ...{ name, target, provider, status: status satisfies Status, via: host },
    also: also.map((each) => `via/${host}/${each}`),
    cid: isCid ? (json.cid as number) : undefined,
    uuid: parseUuid(textOf(json.uuid, 64) ?? ''),
    address: textOf(json.address, 4096),
    user: textOf(json.user, 256),
  };
}

// None is left out: a provider that failed there may still have the machines that this list lacks.
function warningOf(host: string, json: Json): Warning {
  const provider = providerOf(json);
  return {
    provider: provider === undefined ? `via/${host}` : `via/${host}/${provider}`,
    code: textOf(json.code, 64) ?? 'UNKNOWN',
    problem: textOf(json.problem, 1000) ?? 'it gave a warning that cannot be shown',
  };
}

function providerOf({ provider }: Json): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(textOf(provider, 64) ?? '')?.[0];
}

function textOf(value: unknown, longest: number): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}
