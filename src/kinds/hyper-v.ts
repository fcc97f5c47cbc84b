import { isBareId, parseGuid } from '../address/guid.js';
import type { HyperVTarget } from '../target/target.js';
import { parseName } from '../target/text.js';
import type { Kind } from './kind.js';

/** hyper-v/NAME, hyper-v/GUID, or only the GUID. */
export const hyperVKind: Kind<HyperVTarget> = {
  name: 'hyper-v',
  form: 'hyper-v/NAME|GUID',
  summary:
    "a Hyper-V virtual machine by its name or its id (from Windows and WSL2); the id's GUID works without a prefix",
  separators: '/%',
  rest: 'name',
  from: 'windows-wsl2',
  takesPort: true,
  hostKey: 'machine',
  providers: ['hyper-v'],
  isBare: isBareId,
  parse({ text, separator, rest }) {
    const isAlone = separator === '';
    const name = isAlone ? text : rest;
    const vmId = parseGuid(name);
    if (vmId) return { kind: 'hyper-v', vmId };
    if (isAlone || /^\{.*\}$/.test(name)) {
      throw new RangeError(`${JSON.stringify(name)} is not a GUID: expected 8-4-4-4-12 hexadecimal digits`);
    }
    return { kind: 'hyper-v', name: parseName(name, 'machine name') };
  },
  async resolve(target, context) {
    return (await import('../resolve/windows.js')).resolveHyperV(target, context);
  },
};
