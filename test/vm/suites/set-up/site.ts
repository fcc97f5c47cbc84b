import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { GuestCheckJson } from '../../../../src/commands/guest/check.js';
import { type Outcome, run, vmssh } from '../../../helpers/run.js';
import { banner } from '../../bed/banner.js';
import type { Guest } from '../../bed/guest.js';

/** What the suites of the guest's set-up share: the built program on this side, and a guest that it is to set up. */
export interface Site {
  readonly guest: Guest;
  /** The guest as a target over vsock. */
  readonly target: string;
  /** Knows the hosts "guest" (root), "held" (the same, in one connection) and "tester", over TCP, the target by our proxy, and the key. */
  readonly sshConfig: string;
  vmssh(...args: string[]): Promise<Outcome>;
  /** `guest install` with the target, over TCP. */
  install(...args: string[]): Promise<Outcome>;
  /** The real ssh by our proxy. */
  ssh(...args: string[]): Promise<Outcome>;
  /** A login as root over vsock: "works", "denied" by sshd, or "fails". */
  login(): Promise<string>;
  /** The lines of `guest check`, as state, step and text. */
  check(args?: readonly string[], host?: string): Promise<Line[]>;
}

export interface Line {
  readonly state: string;
  readonly step: string;
  readonly text: string;
}

export function siteOf(guest: Guest): Site {
  const sshConfig = `${guest.folder}/ssh_config`;
  const host = (name: string, user: string) =>
    `Host ${name}\n  HostName 127.0.0.1\n  Port ${guest.tcpPort}\n  User ${user}\n`;
  const held = `${host('held', 'root')}  ControlMaster auto\n  ControlPath ${guest.folder}/c-%C\n  ControlPersist 600\n`;
  const all = `Host *\n  IdentityFile ${guest.identity}\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n`;
  const call = (...args: string[]) => run([...vmssh, ...args], { timeout: 110_000 });
  const target = `vsock-mux${guest.muxPath}`;
  const proxy = [...vmssh, 'proxy', '--typed', '%n', '%h', '%p'].join(' ');
  const overVsock = `Host vsock-mux/*\n  ProxyCommand ${proxy}\n`;
  writeFileSync(sshConfig, `${host('guest', 'root')}${held}${host('tester', 'tester')}${overVsock}${all}`);
  const ssh = (...args: string[]) => run(['ssh', '-F', sshConfig, '-o', `ProxyCommand=${proxy}`, ...args]);
  return {
    guest,
    target,
    sshConfig,
    ssh,
    vmssh: call,
    install: (...args) =>
      call('guest', 'install', ...args, '--ssh-config', sshConfig, '--target', target, 'guest'),
    async login() {
      const { code, stderr } = await ssh('-o', 'BatchMode=yes', `root@${target}`, 'true');
      if (code === 0) return 'works';
      return stderr.includes('Permission denied') ? 'denied' : 'fails';
    },
    async check(args = [], host = 'guest') {
      const into = ['--json', '--ssh-config', sshConfig, host];
      const { stdout, stderr } = await call('guest', 'check', ...into, ...args);
      expect(stderr).toBe('');
      const { checks } = JSON.parse(stdout) as GuestCheckJson;
      return checks.flatMap(({ name: step, state, found: text, fix, hint }) => [
        { state, step, text },
        ...(fix === undefined ? [] : [{ state: 'fix', step, text: fix }]),
        ...(hint === undefined ? [] : [{ state: 'hint', step, text: hint }]),
      ]);
    },
  };
}

/** A script's own lines as it printed them. */
export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .map((line) => /^(\S+) +(\S+) +(.*)$/.exec(line) ?? [])
    .filter(([, state]) => state !== undefined)
    .map(([, state = '', step = '', text = '']) => ({ state, step, text }));
}

/** The script of `guest check` at /tmp/check.sh, for `brokenAndFixed`. */
export async function copyCheck({ guest, vmssh }: Site): Promise<void> {
  const script = await vmssh('guest', 'check', '--script');
  await guest.run('cat >/tmp/check.sh', { input: script.stdout });
}

/** Breaks, checks, runs the fix that is printed for this step, and checks again: in one command. */
export async function brokenAndFixed(guest: Guest, breaks: string, step: string, fix?: string) {
  const printed = `sh -c "$(sed -n 's/^fix *${step} *//p' /tmp/found | head -n 1)"`;
  const { stdout } = await guest.run(
    `look=sh; ${breaks}; $look /tmp/check.sh >/tmp/found
    ${fix ?? printed} >/dev/null 2>&1
    $look /tmp/check.sh >/tmp/fixed; cat /tmp/found; echo ====; cat /tmp/fixed`,
    { timeout: 300 },
  );
  const [found = '', fixed = ''] = stdout.split('====');
  const lines = faultsOf(linesOf(found));
  const of = (state: string) => lines.find((line) => line.state === state && line.step === step);
  expect([of('failed'), of('fix')], found).not.toContain(undefined);
  expect(faultsOf(linesOf(fixed)), fixed).toEqual([]);
  return { failed: of('failed'), fix: of('fix') };
}

/** What went wrong, its fix and its hint. */
export function faultsOf(lines: readonly Line[]): Line[] {
  return lines.filter(({ state }) => /^(failed|fix|hint)$/.test(state));
}

/** Every file, link and folder of /etc with owner, mode and content; the machine's id is another at each boot. */
export async function listEtc(guest: Guest): Promise<string[]> {
  const { stdout } = await guest.run(
    "cd /etc && find . ! -name machine-id -printf '%p %y %m %u:%g %l\\n' | sort; find . -type f ! -name machine-id -exec sha256sum {} + | sort -k2",
  );
  return stdout.split('\n');
}

/** Reboots, and waits until root can log in again. */
export async function reboot(guest: Guest, command = 'systemctl reboot'): Promise<void> {
  const id = async () => {
    // A guest that is not up yet takes the connection all the same, and ssh would wait for it long.
    await banner({ host: '127.0.0.1', port: guest.tcpPort }, 2);
    return (await guest.run('cat /proc/sys/kernel/random/boot_id', { timeout: 20 })).stdout;
  };
  const before = await id();
  // Not awaited: a guest that goes at once closes no connection, so that ssh would wait for it.
  guest.run(command, { allowFailure: true, timeout: 20 }).catch(() => {});
  const now = () => id().catch(() => before);
  await expect.poll(now, { timeout: 150_000, interval: 300 }).not.toBe(before);
}
