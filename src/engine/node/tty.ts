import { isTerminal } from 'engine:system';
import { StandardOutput } from '../standard-output.js';

export const isatty: (descriptor: number) => boolean = isTerminal;

export { StandardOutput as WriteStream };
export default { isatty, WriteStream: StandardOutput };
