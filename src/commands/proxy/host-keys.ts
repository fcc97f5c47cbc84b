import { type Command, flag, positionals } from '../../cli/command.js';
import { keysOnHop, managerKeys } from '../../keys/manager-keys.js';
import { resolveTarget, type Target } from '../../kinds/kinds.js';
import { lookUp } from '../../reach/login.js';
import { type Deps, type Reachable, reachedMachine } from '../../sources/source.js';
import { sshPort } from '../../typed/numbers.js';
import type { ViaTarget } from '../../typed/target.js';

const jsonOption = flag({ long: 'json', summary: 'the form of the answer' });

/** vmssh host-keys --json TARGET: what another host's `host-key` asks here about a machine of this one. Nothing is changed. */
export const hostKeys: Command<{ readonly target: string }> = {
  name: 'host-keys',
  summary: "a machine's host keys, as its manager reads them: what another vmssh asks over ssh",
  usage: '--json TARGET',
  options: [jsonOption],
  examples: {},

  parse(raw) {
    const [target = ''] = positionals(raw, 1, 1, 'TARGET');
    return { target };
  },

  async run({ target: typed }, io) {
    const here = { env: io.env, platform: io.platform };
    const { text, target } = await lookUp(typed, io);
    const { machine } = await resolveTarget(target, { text, port: sshPort, ...here });
    io.out(`${await keysSaid(target, machine, here)}\n`);
    return 0;
  },
};

/** What is said of a machine's keys: for it and no other one. */
export async function keysSaid(target: Target, machine: Reachable['machine'], deps: Deps): Promise<string> {
  const keys =
    target.kind === 'via'
      ? await keysOnHop(target as ViaTarget, deps)
      : machine && (await managerKeys(reachedMachine(machine), deps));
  return JSON.stringify({ keys: keys ?? [] });
}
