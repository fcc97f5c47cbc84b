import { readFile } from 'node:fs/promises';
import type { CheckJson } from '../../commands/check/check.js';
import { shellLine } from '../../target/shell.js';
import { demoUser, hostname } from '../server.js';
import { run } from '../tools.js';
import type { World } from '../world.js';
import { expectExit, expectSame, type Step, StepFailure } from './step.js';

/** This machine's own ssh: logs in, and gets an exit code. */
export function sshSteps(world: World, ssh: string, config: string): readonly Step[] {
  const args = ['-F', config, `${demoUser}@${world.target}`];
  return [
    {
      title: 'log in',
      typed: `$ ${shellLine(['ssh', ...args, 'hostname'])}`,
      async run(signal) {
        const outcome = await run([ssh, ...args, 'hostname'], signal);
        expectExit(outcome, 0);
        const said = outcome.stdout.trim();
        if (said !== hostname) throw new StepFailure(`expected ${hostname}, got ${said}`);
        return `${said} answered`;
      },
    },
    {
      title: 'exit code',
      typed: `$ ${shellLine(['ssh', ...args])} exit 7`,
      async run(signal) {
        expectExit(await run([ssh, ...args, 'exit 7'], signal), 7);
        return '7 came back';
      },
    },
  ];
}

/** This machine's own scp: copies a file in both directions. */
export function scpSteps(
  world: World,
  scp: readonly string[],
  config: string,
  name: string,
): readonly Step[] {
  const { payload, workspace, server } = world;
  const flags = [...scp.slice(1), '-F', config];
  const remote = `${demoUser}@${world.scpTarget}:${name}`;
  const back = workspace.path(`${name}-back`);
  const copy = async (signal: AbortSignal, from: string, to: string) => {
    expectExit(await run([scp[0] ?? '', '-q', ...flags, from, to], signal), 0);
  };
  return [
    {
      title: 'copy there',
      typed: `$ ${shellLine(['scp', ...flags, payload.path, remote])}`,
      async run(signal) {
        await copy(signal, payload.path, remote);
        const file = server.files.find(name);
        return expectSame(file?.read(0, file.size), payload.bytes);
      },
    },
    {
      title: 'copy back',
      typed: `$ ${shellLine(['scp', ...flags, remote, back])}`,
      async run(signal) {
        await copy(signal, remote, back);
        return expectSame(await readFile(back), payload.bytes);
      },
    },
  ];
}

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
