import { type Command, flag, positionals } from '../../cli/command.js';
import { keysOnHop, managerKeys } from '../../identity/manager-keys.js';
import { reachedMachine } from '../../identity/record.js';
import { resolveTarget, type TypedTarget } from '../../kinds/kinds.js';
import { lookUp } from '../../lookup/login.js';
import type { Here } from '../../process/io.js';
import { sshPort } from '../../target/numbers.js';
import type { ViaTarget } from '../../target/target.js';

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
    const { env, platform } = io;
    const { text, target } = await lookUp(typed, io);
    const keys =
      target.kind === 'via'
        ? await keysOnHop(target as ViaTarget, { env, platform })
        : await keysHere({ text, target }, { env, platform });
    io.out(`${JSON.stringify({ keys: keys ?? [] })}\n`);
    return 0;
  },
};

async function keysHere({ text, target }: TypedTarget, here: Here): Promise<readonly string[] | undefined> {
  const { machine } = await resolveTarget(target, { text, port: sshPort, ...here });
  return machine && managerKeys(reachedMachine(machine), here);
}
