import { formatEndpoint } from '../endpoint.js';
import { printable } from '../errors.js';
import { resolve } from '../resolve/resolve.js';
import { parseTarget } from '../target/parse.js';
import type { Command } from './command.js';
import { jsonOption } from './shared-options.js';
import { portArgument, positionals } from './values.js';

export interface ResolveCommandOptions {
  readonly text: string;
  readonly port: number;
  readonly json: boolean;
}

/** vmssh resolve TARGET [PORT]: what it would connect to, and how it found out. Opens nothing. */
export const resolveCommand: Command<ResolveCommandOptions> = {
  name: 'resolve',
  summary: 'tell what a target would connect to, and how that was found out',
  usage: 'TARGET [PORT]',
  options: [jsonOption],
  examples: [
    { line: 'vmssh resolve machine/web', about: 'ask systemd-machined' },
    { line: 'vmssh resolve --json unix%run%host.sock', about: 'for scripts' },
  ],

  parse(raw) {
    const [text = '', port] = positionals(raw, 1, 2, 'TARGET [PORT]');
    return { text, port: portArgument(port), json: raw.options.json === true };
  },

  async run({ text, port, json }, io) {
    const target = parseTarget(text);
    const resolution = await resolve(target, { text, port, env: io.env, platform: io.platform });
    const address = formatEndpoint(resolution.endpoint);
    if (json) {
      io.out(`${JSON.stringify({ typed: text, target, address, ...resolution }, undefined, 2)}\n`);
      return 0;
    }
    const { identityFile, steps } = resolution;
    const how = [...steps, ...(identityFile === undefined ? [] : [`its private key is ${identityFile}`])];
    io.out([printable(address), ...how.map((step) => `  ${printable(step)}`), ''].join('\n'));
    return 0;
  },
};
