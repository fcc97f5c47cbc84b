import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { configText } from '../../../src/ssh/config/text.js';
import { compare, median } from '../../bench/statistics.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';
import { between } from '../../vm/product/conformance/markdown-table.js';
import { giveVmssh } from './hypervisors.js';
import { machines, tcpPort } from './namespace.js';
import { useNetwork } from './network.js';

const page = fileURLToPath(new URL('../../docs/hop-figures.md', import.meta.url));
const marks = ['<!-- measured by test/e2e/via/figures.test.ts -->\n', '<!-- end -->'] as const;
const rounds = 15;
const hostRounds = 61;

/** Milliseconds, on the clock and of all processors. */
interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

/** Other work on the machine changes the time, but not so much the CPU time. Where cgroup v1 is not mounted there is none. */
const group = '/sys/fs/cgroup/cpuacct/vmssh-figures';

function cpuMs(): number {
  return existsSync(group) ? Number(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1e6 : Number.NaN;
}

// VMSSH_TRIAL=1 npx vitest run test/e2e/via writes test/docs/hop-figures.md. Root, on an idle machine.
describe.runIf(process.env.VMSSH_TRIAL === '1')('what a hop costs', () => {
  // Before the network starts, so that all of it is in there.
  beforeAll(() => {
    if (!existsSync(dirname(group))) return;
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
  });
  const net = useNetwork(['hv1', 'hv2']);
  const rows: string[] = [];
  const row = (what: string, time: string, cpu = '') => void rows.push(`| ${what} | ${time} | ${cpu} |\n`);
  const env = { ...net.env };
  let ways: Record<'jump' | 'vmssh' | 'python3', readonly string[]>;

  beforeAll(() => {
    giveVmssh(net, net.home('hv1'));
    // Nothing in front of the hop's ssh that a jump's has not.
    env.VMSSH_SSH = `ssh -F ${join(net.dir, 'hv_config')}`;
    const both = join(net.dir, 'both');
    const lines = ['hv_config', 'config'].map((name) => readFileSync(join(net.dir, name), 'utf8')).join('');
    writeFileSync(both, lines, { mode: 0o600 });
    const ssh = [...net.inside, 'ssh', '-F', both, '-i', join(net.dir, 'id')];
    ways = {
      jump: [...ssh, '-J', 'hv1', '-p', String(tcpPort), '127.0.0.1'],
      vmssh: [...ssh, `via%hv1%${machines.socket}`],
      python3: [...ssh, `via%hv2%${machines.socket}`],
    };
  });
  afterAll(() => {
    if (existsSync(group)) writeFileSync(join(dirname(group), 'cgroup.procs'), String(process.pid));
    const head = '| | time | CPU time, both sides |\n| --- | --- | --- |\n';
    if (rows.length > 0)
      writeFileSync(page, between(readFileSync(page, 'utf8'), marks, head + rows.join('')));
  });

  /** Of each way in turn, so that a change of the machine's speed meets all alike. */
  function measure(command: string, count: number, input?: Buffer) {
    const took: Record<keyof typeof ways, Cost[]> = { jump: [], vmssh: [], python3: [] };
    for (let round = 0; round < count; round++)
      for (const way of ['jump', 'vmssh', 'python3'] as const) {
        const [program = '', ...args] = ways[way];
        const [start, busy] = [performance.now(), cpuMs()];
        const { status, stderr } = spawnSync(program, [...args, command], { env, input, maxBuffer: 2 ** 30 });
        expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: expect.anything() });
        took[way].push({ ms: performance.now() - start, cpu: cpuMs() - busy });
      }
    return took;
  }

  it('a login and a transfer, against ssh -J', { timeout: 1_200_000 }, () => {
    measure('true', 1);
    const bytes = Buffer.alloc(256 * 2 ** 20);
    const trials = [
      { what: 'a login', took: measure('true', rounds) },
      { what: '256 MiB', took: measure('cat >/dev/null', 3, bytes) },
    ];
    for (const { what, took } of trials) {
      const all = (way: keyof typeof ways, unit: keyof Cost) => took[way].map((cost) => cost[unit]);
      const jump = (unit: keyof Cost) => `${Math.round(median(all('jump', unit)))} ms`;
      row(`${what} by \`ssh -J hv1\` to a machine that listens on TCP there`, jump('ms'), jump('cpu'));
      for (const way of ['vmssh', 'python3'] as const) {
        const ratio = (unit: keyof Cost) =>
          `${compare(all(way, unit), all('jump', unit)).pairwise.toFixed(2)} ×`;
        row(`${what} by \`via/hv1\` to a unix socket, with ${way} there`, ratio('ms'), ratio('cpu'));
      }
    }
  });

  it('a hundred hypervisors, one of them slow', { timeout: 120_000 }, async () => {
    const standIn = join(net.dir, 'stand-in');
    script(
      standIn,
      `case "$*" in *' slow '*) sleep 3 ;; *) sleep 0.2 ;; esac
echo "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}'; echo '{"version":1,"machines":[]}'`,
    );
    const hosts = ['slow', ...Array.from({ length: 99 }, (_, at) => `fast${at}`)].join(',');
    const start = performance.now();
    const { code, stdout } = await run([...vmssh, 'list', '--json', '--via', hosts], {
      env: { ...env, VMSSH_SSH: standIn },
    });
    const seconds = (performance.now() - start) / 1000;
    expect({ code, errors: JSON.parse(stdout).errors }).toEqual({ code: 0, errors: [] });
    row(
      '`vmssh list` of 100 stand-ins, one of which takes 3 s and the others 0.2 s',
      `${seconds.toFixed(1)} s`,
    );
  });

  it('Hosts in the written file', { timeout: 600_000 }, () => {
    const uuid = (at: number) => `11111111-2222-4333-8444-${String(at).padStart(12, '0')}`;
    const textOf = (count: number) => {
      const machines = Array.from({ length: count }, (_, at) => ({
        name: `machine${at}`,
        target: `via/hv1/machine/machine${at}`,
        provider: 'machined',
        also: [],
        via: 'hv1',
        uuid: uuid(at),
        status: 'running' as const,
      }));
      const { hosts } = concreteHosts(machines, {
        prefix: '',
        taken: () => undefined,
        knownHosts: '~/.ssh/vmssh_known_hosts',
      });
      return configText({ program: ['/usr/bin/vmssh'], fdpass: true, hosts });
    };
    const written = (count: number, host: string) => ({ text: textOf(count), host });
    const starts = {
      none: { text: '', host: 'other' },
      '1,000 Hosts `NAME.HOST`': written(1000, 'other'),
      '2,000 Hosts `NAME.HOST`': written(2000, 'other'),
      '10,000 Hosts `NAME.HOST`': written(10_000, 'other'),
      '10,000, for the last of them': written(10_000, 'machine9999.hv1'),
    };
    const files = Object.entries(starts).map(([name, { text, host }], at) => {
      const file = join(net.dir, `hosts-${at}`);
      writeFileSync(file, text, { mode: 0o600 });
      return { name, file, host, took: [] as Cost[] };
    });
    // In real time, so that other work waits; in turn, so that a change of the machine's speed meets all alike.
    spawnSync('chrt', ['-f', '-p', '10', String(process.pid)]);
    for (let round = 0; round < hostRounds; round++)
      for (const { file, host, took } of files) {
        const [start, busy] = [performance.now(), cpuMs()];
        expect(spawnSync('ssh', ['-G', '-T', '-F', file, host]).status).toBe(0);
        took.push({ ms: performance.now() - start, cpu: cpuMs() - busy });
      }
    spawnSync('chrt', ['-o', '-p', '0', String(process.pid)]);
    const [none, ...others] = files;
    for (const { name, took } of others) {
      const extra = (unit: keyof Cost) => {
        const all = (costs: readonly Cost[]) => costs.map((cost) => cost[unit]);
        return `${(median(all(took)) - median(all(none?.took ?? []))).toFixed(1)} ms more`;
      };
      row(`a start of ssh with ${name}`, extra('ms'), extra('cpu'));
    }
  });
});
