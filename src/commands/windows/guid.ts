import { quote } from '../../base/errors.js';
import { type Command, positionals, type RawArgs, UsageError, usage } from '../../cli/command.js';
import { parseGuid, parsePort, portOfServiceId, serviceIdOfPort } from '../../typed/numbers.js';

export const guid: Command<{ readonly ports: readonly number[] }> = {
  name: 'guid',
  summary: 'print the Hyper-V service id (a GUID) of vsock ports',
  usage: 'PORT...',
  options: [],
  examples: { 'vmssh guid 22': '00000016-facb-11e6-bd58-64006a7986d3' },

  parse: (raw) => ({ ports: portsOf(raw) }),

  async run({ ports }, io) {
    for (const port of ports) io.out(`${serviceIdOfPort(port)}\n`);
    return 0;
  },
};

/** PORT..., valid for hvsock. Throws a UsageError. */
export function portsOf(raw: RawArgs): readonly number[] {
  const texts = positionals(raw, 1, Number.POSITIVE_INFINITY, 'PORT...');
  return usage(() => texts.map((text) => parsePort(text, 'hvsock')));
}

export const port: Command<{ readonly ports: readonly number[] }> = {
  name: 'port',
  summary: 'print the vsock port of Hyper-V service ids (GUIDs)',
  usage: 'GUID...',
  options: [],
  examples: { 'vmssh port 000008AE-FACB-11E6-BD58-64006A7986D3': '2222' },

  parse: (raw) => ({ ports: positionals(raw, 1, Number.POSITIVE_INFINITY, 'GUID...').map(portOf) }),

  async run({ ports }, io) {
    for (const port of ports) io.out(`${port}\n`);
    return 0;
  },
};

function portOf(text: string): number {
  const id = parseGuid(text);
  if (!id) throw new UsageError(`${quote(text)} is not a GUID: expected 8-4-4-4-12 hexadecimal digits`);
  const port = portOfServiceId(id);
  if (port !== undefined) return port;
  throw new UsageError(
    `${quote(text)} is not the id of a vsock port: those end in -facb-11e6-bd58-64006a7986d3 and begin below 80000000`,
  );
}
