import { parsePort } from '../address/port.js';
import { quote } from '../errors.js';
import { type RawArgs, UsageError } from './command.js';
import { parsed } from './option.js';
import { usage } from './values.js';

/** For the commands that connect to a machine. */
export const portOption = parsed(
  { long: 'port', short: 'p', value: 'PORT', summary: 'the port in the machine (default 22)' },
  (text) => parsePort(text),
);

/** The port from --port or from after the target; undefined if it was not given. Throws a UsageError. */
export function givenPort(raw: RawArgs, after: string | undefined): number | undefined {
  const port = portOption.read(raw);
  if (after === undefined) return port;
  if (port !== undefined) throw new UsageError(`the port is given twice: ${quote(after)} and --port ${port}`);
  return usage(() => parsePort(after));
}
