import { parseUuid } from '../../address/guid.js';
import { machineCid } from '../../address/numbers.js';
import { isJsonObject, parseJson } from '../tools/json.js';

/** A machine's data from QEMU's command line. */
export interface QemuMachine {
  readonly name?: string | undefined;
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string | undefined;
  /** Of a vhost-vsock device, the kernel's own. */
  readonly cid?: number | undefined;
  /** Of a vhost-user-vsock device: the socket between its daemon and QEMU. */
  readonly vhostUserSocket?: string | undefined;
  /** Where QEMU forwards to the guest's port 22: "127.0.0.1:2222". */
  readonly forwarded?: string | undefined;
}

/**
 * Reads QEMU's arguments, argv[0] first: `-name`, `-uuid` or the one in `-smbios type=1`, the vsock device in all its
 * spellings, and the forwarded ports of a "user" network.
 */
export function parseQemuArgs(argv: readonly string[]): QemuMachine {
  let machine: QemuMachine = {};
  let chardev: string | undefined;
  const chardevs = new Map<string, string>();
  for (let i = 1; i < argv.length; i++) {
    const option = argv[i]?.replace(/^--?/, '');
    if (!argv[i]?.startsWith('-') || option === undefined) continue;
    const value = argv[i + 1] ?? '';
    switch (option) {
      case 'name':
        machine = { ...machine, name: nameOf(value) };
        break;
      case 'uuid':
        machine = { ...machine, uuid: parseUuid(value) };
        break;
      case 'smbios': {
        const { type, uuid } = parseOption(value, 'file');
        if (type === '1' && uuid !== undefined) machine = { ...machine, uuid: parseUuid(uuid) };
        break;
      }
      case 'netdev':
      case 'nic':
      case 'net':
        machine = { ...machine, forwarded: machine.forwarded ?? forwardOf(value) };
        break;
      case 'chardev': {
        const { id, path } = parseOption(value, 'backend');
        if (id !== undefined && path !== undefined) chardevs.set(id, path);
        break;
      }
      case 'device': {
        const device = parseOption(value, 'driver');
        if (/^vhost-vsock-/.test(device.driver ?? ''))
          machine = { ...machine, cid: machineCid(device['guest-cid']) };
        if (/^vhost-user-vsock-/.test(device.driver ?? '')) chardev = device.chardev;
        break;
      }
    }
  }
  return { ...machine, vhostUserSocket: chardevs.get(chardev ?? '') };
}

/** An option's value, "driver,key=value,…" with ",," for a comma, or the JSON form that libvirt writes. */
function parseOption(text: string, first: string): Readonly<Record<string, string | undefined>> {
  if (text.startsWith('{')) return fromJson(text);
  const pairs = fieldsIn(text).map((field, i): [string, string] => {
    const at = field.indexOf('=');
    const plain = field.slice(at + 1).replaceAll(',,', ',');
    if (at >= 0) return [field.slice(0, at), plain];
    return i === 0 ? [first, plain] : [plain, 'on'];
  });
  return Object.fromEntries(pairs);
}

/** The fields between single commas, found in one pass: a regular expression would need memory for each comma. */
function fieldsIn(text: string): readonly string[] {
  const fields: string[] = [];
  let start = 0;
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at)) {
    if (text[at + 1] === ',') {
      at += 2;
      continue;
    }
    if (at > start) fields.push(text.slice(start, at));
    at += 1;
    start = at;
  }
  if (start < text.length) fields.push(text.slice(start));
  return fields;
}

function fromJson(text: string): Readonly<Record<string, string>> {
  try {
    const value: unknown = parseJson(text);
    if (!isJsonObject(value)) return {};
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
  } catch {
    return {};
  }
}

function nameOf(value: string): string | undefined {
  const { guest, name } = parseOption(value, 'guest');
  return guest ?? name;
}

// "hostfwd=tcp:[ADDRESS]:PORT-[ADDRESS]:22", or {"str": "tcp:…"} in the JSON form. For 0 QEMU chooses an unknown port.
function forwardOf(value: string): string | undefined {
  const [, host, port] =
    /(?:\bhostfwd=|"str":\s*")(?:tcp)?:([^:,"]*):([1-9]\d*)-[^:,"]*:22(?!\d)/.exec(value) ?? [];
  if (port === undefined) return undefined;
  return `${host === '' || host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}
