/** docs/contributing/adding.md, "Adding a source of machines": its line in src/sources/sources.ts. */
export const sourceLine =
  "{ name: 'bhyve', platforms: ['linux'], machines: 'a machine of bhyve', load: async () => (await import('./managers/bhyve.js')).bhyve },";

/** And its file: src/sources/managers/bhyve.ts. */
export const source = `
import { routesTo } from '../routes.js';
import type { DiscoveredMachine, Source } from '../source.js';
import { operand } from '../start-command.js';
import { textOf } from '../tools/json.js';
import { jsonObjects, listByTool, machinesNamed, runTool } from '../tools/run-tool.js';

export const bhyve: Source = {
  name: 'bhyve',
  title: 'bhyve',
  listCommand: 'bhyvectl list',
  start: ({ name: machine }) => ({ machine, command: ['bhyvectl', 'start', ...operand(machine)] }),
  list: (deps) => listByTool('bhyve', ['bhyvectl', 'list', '--json'], parseBhyve, deps, runTool),
};

function parseBhyve(text: string): readonly DiscoveredMachine[] {
  return machinesNamed(jsonObjects(text), 'name', (name, each) => {
    const status = each.up === true ? 'running' : 'off';
    return { name, target: \`bhyve/\${name}\`, provider: 'bhyve', status, routes: routesTo([textOf(each, 'ssh')]) };
  });
}
`;

/** "Adding a command" and "Adding an option": src/commands/greet/greet.ts. It calls an API of Node that no other file does. */
export const command = `
import { machine } from 'node:os';
import { type Command, flag, positionals } from '../../cli/command.js';

const loudOption = flag({ long: 'loud', short: 'l', summary: 'in capitals' });

export const greet: Command<{ readonly name: string; readonly isLoud: boolean }> = {
  name: 'greet',
  summary: 'say hello to a machine',
  usage: 'NAME',
  options: [loudOption],
  examples: { 'vmssh greet mint': 'hello mint' },

  parse(raw) {
    const [name = ''] = positionals(raw, 1, 1, 'NAME');
    return { name, isLoud: loudOption.read(raw) };
  },

  async run({ name, isLoud }, io) {
    const text = \`hello \${name} from \${machine()}\\n\`;
    io.out(isLoud ? text.toUpperCase() : text);
    return 0;
  },
};
`;

/** "Adding a Node API to the engine": at the end of src/engine/node/os.ts. */
export const nodeApi = `
export function machine(): string {
  return process.arch === 'x64' ? 'x86_64' : 'aarch64';
}
`;
