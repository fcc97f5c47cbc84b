import { shellLine } from '../../address/shell.js';
import type { CheckJson } from '../../commands/check/check.js';
import { run } from '../run.js';
import { demoUser } from '../server.js';
import type { World } from '../world.js';
import { expectExit, type Step, StepFailure } from './step.js';

/** vmssh check: must see the server's own host key. */
export function checkStep({ vmssh, typedVmssh, target, server }: World): Step {
  const args = ['check', '--until=authentication', '--user', demoUser, target];
  return {
    title: 'check',
    typed: `$ ${shellLine([...typedVmssh, ...args])}`,
    async run(signal) {
      const outcome = await run([...vmssh, ...args, '--json'], signal);
      expectExit(outcome, 0);
      const [result] = (JSON.parse(outcome.stdout) as CheckJson).results;
      const found = (name: string) => result?.stages.find(({ stage }) => stage === name)?.found ?? '';
      const key = found('host key');
      if (!key.endsWith(server.fingerprint)) {
        throw new StepFailure(`saw the host key ${key}, not the server's ${server.fingerprint}`);
      }
      return `${found('banner')}, authentication: ${found('authentication')}\n${key}`;
    },
  };
}
