import { isTerminal } from 'engine:system';
import { StandardOutput } from '../standard-output.js';

export function isatty(descriptor: number): boolean {
  return isTerminal(descriptor);
}

export { StandardOutput as WriteStream };
export default { isatty, WriteStream: StandardOutput };
