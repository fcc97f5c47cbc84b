import { parseGuid } from '../address/guid.js';
import { parseName } from './name.js';
import type { Kind } from './target.js';

/** Whether a text is an id alone, which on Linux may be that of any machine. */
export function isBareId(text: string): boolean {
  return /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(text);
}

/** hyper-v/NAME, hyper-v/GUID, or the GUID alone. */
export const hyperV: Kind = {
  name: 'hyper-v',
  form: 'hyper-v/NAME|GUID',
  summary:
    "a Hyper-V virtual machine by its name or its id (from Windows and WSL2); the id's GUID alone will do",
  words: ['hyper-v'],
  separators: '/%',
  isBare: isBareId,
  parse({ text, separator, rest }) {
    const isAlone = separator === '';
    const name = isAlone ? text : rest;
    const vmId = parseGuid(name);
    if (vmId) return { kind: 'hyper-v', vmId };
    if (isAlone || /^\{.*\}$/.test(name)) {
      throw new RangeError(`${JSON.stringify(name)} is no GUID: expected 8-4-4-4-12 hexadecimal digits`);
    }
    return { kind: 'hyper-v', name: parseName(name, 'machine name') };
  },
};
