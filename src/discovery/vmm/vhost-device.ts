import { machineCid } from '../../address/cid.js';
import type { Process } from '../provider.js';

/** A machine that a vhost-device-vsock daemon serves. */
export interface VhostVsock {
  readonly cid?: number | undefined;
  /** The socket between the daemon and QEMU. */
  readonly socket?: string | undefined;
  /** The multiplexer's socket, for `CONNECT PORT`. */
  readonly udsPath: string;
}

/** The machines on a daemon's command line: one by its own options, or one per `--vm key=value,…`. */
export function parseVhostDevice({ argv }: Pick<Process, 'argv'>): readonly VhostVsock[] {
  const options = optionsOf(argv.slice(1));
  const vms = options.filter(([name]) => name === 'vm').map(([, value]) => fieldsOf(value));
  const single = Object.fromEntries(options);
  return [...vms, single].flatMap((fields): VhostVsock[] => {
    const udsPath = fields['uds-path'];
    if (udsPath === undefined || udsPath === '') return [];
    // The daemon's own default is CID 3.
    return [{ cid: machineCid(fields['guest-cid'] ?? fields.cid ?? 3), socket: fields.socket, udsPath }];
  });
}

/** "--name value" and "--name=value" as pairs. */
export function optionsOf(args: readonly string[]): readonly (readonly [string, string])[] {
  return args.flatMap((arg, i): [string, string][] => {
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name === '' ? [] : [[name, value ?? args[i + 1] ?? '']];
  });
}

/** "key=value,key=value". */
export function fieldsOf(text: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    text.split(',').map((field) => [field.replace(/=.*$/s, ''), field.replace(/^[^=]*=?/, '')]),
  );
}
