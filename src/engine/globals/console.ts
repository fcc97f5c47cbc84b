import { writeAll } from '../write-all.js';

/** For packages; our own output does not use it. */
function printTo(descriptor: number) {
  return (...values: unknown[]): void =>
    writeAll(descriptor, Buffer.from(`${values.map(String).join(' ')}\n`));
}

export const engineConsole = { log: printTo(1), info: printTo(1), warn: printTo(2), error: printTo(2) };
