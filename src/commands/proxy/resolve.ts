import type { Command } from '../../cli/command.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import { givenPort, portOption } from '../../cli/port-option.js';
import { runOverInterop, windowsVmssh } from '../../cli/reach/over-interop.js';
import { behindVia, viaOption } from '../../cli/shared-options.js';
import { portArgument, positionals } from '../../cli/values.js';
import { type Endpoint, formatEndpoint } from '../../endpoint.js';
import { exitCode, printable } from '../../errors.js';
import type { Target } from '../../kinds/kinds.js';
import { resolveTarget } from '../../kinds/kinds.js';
import { findTarget } from '../../lookup/find-target.js';

export interface ResolveCommandOptions {
  readonly text: string;
  /** Undefined: the port of an ssh:// form, or 22. */
  readonly port: number | undefined;
  readonly json: boolean;
}

/** The output of `vmssh resolve --json`. */
export interface ResolveJson extends Envelope<'resolve'> {
  readonly typed: string;
  readonly target: Target;
  /** The endpoint as a literal target. */
  readonly address: string;
  readonly endpoint: Endpoint;
  /** How it was found. */
  readonly steps: readonly string[];
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
}

/** vmssh resolve TARGET [PORT]: what a target would connect to, and how that was found. Opens nothing. */
export const resolveCommand: Command<ResolveCommandOptions> = {
  name: 'resolve',
  summary: 'show what a target connects to, and how it was found',
  usage: 'TARGET [PORT]',
  options: [portOption, viaOption, jsonOption],
  examples: [
    { line: 'vmssh resolve mint', about: 'which machine is this, and how is it reached?' },
    { line: 'vmssh resolve machine/web', about: 'ask systemd-machined' },
    { line: 'vmssh resolve --json unix%run%host.sock', about: 'for scripts' },
  ],

  parse(raw) {
    const [text = '', after] = positionals(raw, 1, 2, 'TARGET [PORT]');
    return { text: behindVia(raw, text), port: givenPort(raw, after), json: jsonOption.read(raw) };
  },

  async run({ text: typed, port: given, json }, io) {
    const { text, target, machine, ...login } = await findTarget(typed, io);
    const port = given ?? portArgument(login.port);
    const windows = windowsVmssh(target, io);
    if (windows !== undefined) {
      const args = ['resolve', ...(json ? ['--json'] : []), '--', text, String(port)];
      return runOverInterop(windows, args, text);
    }
    const resolution = await resolveTarget(target, { text, port, env: io.env, platform: io.platform });
    const { endpoint, identityFile, user, steps } = resolution;
    const address = formatEndpoint(endpoint);
    if (json) {
      const found = { typed, target, address, endpoint, steps, user, identityFile };
      const result: ResolveJson = { ...envelope('resolve', exitCode.ok), ...found };
      io.out(formatJson(result));
      return exitCode.ok;
    }
    const named = machine ? [`${machine.name} of ${machine.provider} is ${text}`] : [];
    const how = [
      ...named,
      ...steps,
      ...(identityFile === undefined ? [] : [`its private key is ${identityFile}`]),
    ];
    io.out([printable(address), ...how.map((step) => `  ${printable(step)}`), ''].join('\n'));
    return exitCode.ok;
  },
};
