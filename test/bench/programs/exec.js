// exec.js [ROUNDS]: prints how long a container's first bytes take by the exec route, beside the manager's own command.
// It runs in a guest with the containers of test/vm/inside/containers.sh: test/vm/README.md has the lines.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { compare, summarize } from '../statistics.js';

const rounds = Number(process.argv[2] ?? 20);

const contenders = {
  bare: ['podman', 'exec', '-i', 'web', 'sleep', '0'],
  'sshd by hand': ['podman', 'exec', '--interactive', '--user=0', '--', 'web', '/usr/sbin/sshd', '-i'],
  vmssh: ['vmssh', 'proxy', 'podman/web', '22'],
};

console.log('with the service of Podman running');
await inTurns(async () => void execFileSync('podman', ['--remote', 'version'], { stdio: 'ignore' }));
console.log('with the service started by the question');
await inTurns(async () => void execFileSync('systemctl', ['stop', 'podman.service'], { stdio: 'ignore' }));

/** @param {() => Promise<void>} before */
async function inTurns(before) {
  /** @type {Map<string, number[]>} */
  const times = new Map(Object.keys(contenders).map((name) => [name, []]));
  const order = Object.entries(contenders);
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of [...order.slice(round % 3), ...order.slice(0, round % 3)]) {
      await before();
      times.get(name)?.push(await firstBytes(command));
      // The manager tidies up after the last one.
      await after(500);
    }
  }
  const bare = times.get('bare') ?? [];
  for (const [name, values] of times) {
    const { median, min, max } = summarize(values);
    const { ratio, pairwise } = compare(values, bare);
    const ms = [median, min, max].map((value) => value.toFixed(0)).join(' ms, ');
    console.log(
      `${name.padEnd(13)} ${ms} ms; ${ratio.toFixed(2)} × bare, run by run ${pairwise.toFixed(2)} ×`,
    );
  }
}

/** Milliseconds until a program prints, or, if it prints nothing, until it ends. @param {readonly string[]} command */
async function firstBytes([program = '', ...args]) {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), end]);
  const time = performance.now() - start;
  child.stdin.destroy();
  child.stdout.destroy();
  const timer = setTimeout(() => child.kill(), 5000);
  await end;
  clearTimeout(timer);
  return time;
}
