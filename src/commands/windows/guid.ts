import type { Command, RawArgs } from '../../cli/command.js';
import { positionals, usage } from '../../cli/option.js';
import { parsePort, serviceIdOfPort } from '../../target/numbers.js';

/** vmssh guid PORT…: the Hyper-V service ids of vsock ports. */
export const guid: Command<{ readonly ports: readonly number[] }> = {
  name: 'guid',
  summary: 'print the Hyper-V service id (a GUID) of vsock ports',
  usage: 'PORT...',
  options: [],
  examples: [{ line: 'vmssh guid 22', about: '00000016-facb-11e6-bd58-64006a7986d3' }],

  parse(raw) {
    return { ports: portsOf(raw) };
  },

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
