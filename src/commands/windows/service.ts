import { exitCode, printable, quote } from '../../base/errors.js';
import { loadAddon } from '../../base/native.js';
import { type Command, CommandError, flag, parsed, positionals, UsageError } from '../../cli/command.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import type { Io } from '../../process/io.js';
import {
  callReg,
  isRegistered,
  listServices,
  registration,
  removal,
} from '../../sources/hyper-v/services.js';
import { DiscoveryError } from '../../sources/source.js';
import { type RunTool, runTool } from '../../sources/tools/run-tool.js';
import { serviceIdOfPort } from '../../typed/numbers.js';
import { windowsQuoted } from '../../typed/shell.js';
import { portsOf } from './guid.js';

const dryRunOption = flag({ long: 'dry-run', summary: 'print the commands for reg.exe, and run none' });

export interface ServiceListJson extends Envelope<'service list'> {
  readonly services: readonly { readonly id: string; readonly port?: number; readonly name: string }[];
}

export const serviceList: Command<{ readonly json: boolean }> = {
  name: 'service list',
  summary: 'list the Hyper-V socket services that are registered on this Windows',
  usage: '',
  options: [jsonOption],
  examples: { 'vmssh service list': 'PORT, GUID and NAME of each' },

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return { json: jsonOption.read(raw) };
  },

  async run({ json }, io) {
    refuseElsewhere(io);
    try {
      const services = await listServices({ env: io.env });
      const result: ServiceListJson = { ...envelope('service list', exitCode.ok), services };
      const lines = services.map(({ id, port, name }) => `${port ?? '-'}\t${id}\t${printable(name)}\n`);
      io.out(json ? formatJson(result) : lines.join(''));
      return exitCode.ok;
    } catch (error) {
      throw failure(error);
    }
  },
};

interface ServiceOptions {
  readonly ports: readonly number[];
  readonly dryRun: boolean;
}

const nameOption = parsed(
  { long: 'name', value: 'TEXT', summary: 'what Windows calls the service (default "vmssh vsock PORT")' },
  (text) => {
    if (text !== '' && !/["\p{Cc}]/u.test(text)) return text;
    throw new UsageError(`--name takes a text without quotes and control characters, not ${quote(text)}`);
  },
);

export const serviceRegister: Command<ServiceOptions & { readonly label: string | undefined }> = {
  name: 'service register',
  summary: 'register vsock ports as Hyper-V socket services of this Windows; needs an elevated terminal',
  usage: 'PORT...',
  options: [nameOption, dryRunOption],
  examples: {
    'vmssh service register 2222': 'if connects to a port other than 22 are refused',
    'vmssh service register --dry-run 2222': 'on any system: the command to run there',
  },

  parse: (raw) => ({ ports: portsOf(raw), label: nameOption.read(raw), dryRun: dryRunOption.read(raw) }),

  run({ ports, label, dryRun }, io) {
    const argsOf = (port: number) => registration(serviceIdOfPort(port), label ?? `vmssh vsock ${port}`);
    return change(ports, argsOf, dryRun, io);
  },
};

export const serviceUnregister: Command<ServiceOptions> = {
  name: 'service unregister',
  summary: 'remove vsock ports from the Hyper-V socket services of this Windows; needs an elevated terminal',
  usage: 'PORT...',
  options: [dryRunOption],
  examples: { 'vmssh service unregister 2222': 'remove this port' },

  parse: (raw) => ({ ports: portsOf(raw), dryRun: dryRunOption.read(raw) }),

  run: ({ ports, dryRun }, io) => change(ports, (port) => removal(serviceIdOfPort(port)), dryRun, io),
};

export async function change(
  ports: readonly number[],
  argsOf: (port: number) => readonly string[],
  dryRun: boolean,
  io: Io,
  run: RunTool = runTool,
  elevated: () => boolean = isElevated,
): Promise<number> {
  if (dryRun) {
    for (const port of ports) io.out(`${['reg', ...argsOf(port)].map(windowsQuoted).join(' ')}\n`);
    return exitCode.ok;
  }
  refuseElsewhere(io);
  for (const port of ports) {
    const args = argsOf(port);
    try {
      await callReg(args, { env: io.env }, run);
    } catch (error) {
      // reg.exe's message is translated, and every user may read the registry.
      const isThere = () => isRegistered(port, io, (deps) => listServices(deps, run));
      if (args[0] === 'delete' && (await isThere()) === false)
        throw new CommandError('NOT_FOUND', `port ${port} is not registered`, 'vmssh service list');
      throw failure(error, elevated);
    }
  }
  return exitCode.ok;
}

/** Throws a CommandError on any system but Windows. */
function refuseElsewhere({ platform }: Io): void {
  if (platform === 'win32') return;
  const problem = `Hyper-V socket services are registered on Windows, and this is ${platform}`;
  const hint = 'vmssh guid PORT and vmssh service register --dry-run PORT show here what to run there';
  throw new CommandError('UNSUPPORTED', problem, hint);
}

function failure(error: unknown, elevated: () => boolean = isElevated): unknown {
  if (!(error instanceof DiscoveryError)) return error;
  const { code, message } = error;
  if (elevated()) return new CommandError(code, message);
  const hint = 'start the terminal as administrator, and run it again';
  return new CommandError(code, `this needs an elevated terminal: ${message}`, hint);
}

/** Without the addon nobody can say, and a hint to elevate could be wrong. */
function isElevated(): boolean {
  return loadAddon().addon?.hyperVRights().elevated ?? true;
}
