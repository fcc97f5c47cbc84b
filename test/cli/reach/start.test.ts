import { expect, it } from 'vitest';
import { ConnectError, type StartCommand } from '../../../src/base/errors.js';
import { fixFor, lastLines, startingResolve } from '../../../src/cli/reach/start.js';
import { openWhenReady } from '../../../src/connect/wait.js';
import { parseTarget, type resolveTarget } from '../../../src/kinds/kinds.js';
import type { Reachable } from '../../../src/sources/source.js';
import { routeBy } from '../../../src/typed/route.js';

const mint: StartCommand = { machine: 'mint', command: ['virsh', 'start', 'mint'] };
const off = () =>
  new ConnectError('resolve', 'qemu/mint', { code: 'NOT_FOUND', problem: '"mint" is off', start: mint });
const up = (cid: number): Reachable => ({ routes: [routeBy({ family: 'vsock', cid, port: 22 })], steps: [] });
const asked = [
  parseTarget('qemu/mint'),
  { text: 'qemu/mint', port: 22, env: {}, platform: 'linux' as const },
] as const;

type Answer = () => Awaited<ReturnType<typeof resolveTarget>>;

/** Answers one after the other, the last one again and again. */
function answers(...all: readonly Answer[]) {
  let at = 0;
  return async () => (all[at++] ?? all.at(-1) ?? up.bind(undefined, 3))();
}
const ended = () =>
  new ConnectError('connect', 'qemu/mint', { code: 'NOT_STARTED', final: true, problem: 'it ended' });
const fail = () => {
  throw off();
};
/** What starts machines that are off: which it has started. */
function starting(...all: readonly Answer[]) {
  const started: StartCommand[] = [];
  return {
    started,
    resolve: startingResolve(async (start) => void started.push(start), ended, answers(...all)),
  };
}

it('a machine that is off is started, and asked for again: its address may be new', async () => {
  const { started, resolve } = starting(fail, () => up(9));
  expect(await resolve(...asked)).toMatchObject({ routes: [{ endpoint: { cid: 9 } }] });
  expect(started).toEqual([mint]);
});

it('one that stays off is started once', async () => {
  const { started, resolve } = starting(fail);
  await expect(resolve(...asked)).rejects.toMatchObject({ problem: '"mint" is off' });
  await expect(resolve(...asked)).rejects.toMatchObject({ problem: '"mint" is off' });
  expect(started).toEqual([mint]);
});

it('one that ended at once is not waited for', async () => {
  const slept: number[] = [];
  const { resolve } = starting(fail);
  const waiting = openWhenReady(() => resolve(...asked), {
    ...{ target: 'qemu/mint', waitMs: 1e9 },
    sleep: async (ms) => slept.push(ms),
  });
  await expect(waiting).rejects.toMatchObject({ code: 'NOT_STARTED', final: true, problem: 'it ended' });
  expect(slept).toHaveLength(2);
});

it('one that its manager starts once more is waited for', async () => {
  const [three, four] = [() => up(3), () => up(4)];
  const { resolve } = starting(fail, fail, fail, three, fail, fail, four);
  const asking = () => resolve(...asked).catch((error) => error.problem);
  const off = '"mint" is off';
  expect([await asking(), await asking(), await asking()]).toEqual([off, off, up(3)]);
  expect([await asking(), await asking(), await asking()]).toEqual([off, off, up(4)]);
});

it('one that is up is not started', async () => {
  const { started, resolve } = starting(() => up(3));
  expect(await resolve(...asked)).toEqual(up(3));
  expect(started).toEqual([]);
});

it('one that was looked up by its id is started once it does not answer', async () => {
  const started: boolean[] = [];
  const why = [{ problem: 'it is off', hint: 'start it', start: mint }];
  const recheck = async () => why[0];
  const resolve = startingResolve(
    async (_start, isOff) => {
      started.push(await isOff());
      why.pop();
      started.push(await isOff());
    },
    ended,
    answers(() => ({ ...up(3), recheck })),
  );
  const found = await resolve(...asked);
  expect(started).toEqual([]);
  expect(await found.recheck?.()).toMatchObject({ start: mint });
  expect(await found.recheck?.()).toBeUndefined();
  expect(started).toEqual([true, false]);
});

it('one that was looked up by its id, and ended at once, is not waited for', async () => {
  const slept: number[] = [];
  const recheck = async () => ({ problem: '"mint" is off', hint: 'start it', start: mint });
  const resolve = startingResolve(
    async () => {},
    (off) =>
      new ConnectError('connect', off.target, {
        code: 'NOT_STARTED',
        final: true,
        problem: `${off.problem} again`,
      }),
    answers(() => ({ ...up(3), recheck })),
  );
  const attempt = async () => {
    if (slept.length > 9) throw new Error('waits on');
    const why = (await (await resolve(...asked)).recheck?.()) ?? { problem: 'it answers' };
    throw new ConnectError('connect', 'qemu/mint', { code: 'WSAETIMEDOUT', ...why });
  };
  const sleep = async (ms: number) => slept.push(ms);
  const waiting = openWhenReady(attempt, { waitMs: 1e9, sleep });
  await expect(waiting).rejects.toMatchObject({
    ...{ code: 'NOT_STARTED', target: 'qemu/mint', problem: '"mint" is off again' },
  });
  expect(slept).toHaveLength(3);
});

it('one that was looked up by its id, and that its manager starts once more, is waited for', async () => {
  const off = { problem: 'it is off', hint: 'start it', start: mint };
  const states = [off, off, off, undefined, off, off, undefined];
  const resolve = startingResolve(
    async () => {},
    ended,
    answers(() => ({ ...up(3), recheck: async () => states.shift() })),
  );
  const seen: unknown[] = [];
  while (states.length > 0) seen.push(await (await resolve(...asked)).recheck?.());
  expect(seen).toEqual([off, off, off, undefined, off, off, undefined]);
});

it('a start that Windows refuses has a fix of Windows', () => {
  const denied = 'You do not have the required permission. Contact the administrator';
  expect(fixFor(denied, 'powershell.exe', 'win32')).toMatch(
    /Hyper-V Administrators, or use an elevated terminal$/,
  );
  expect(fixFor(denied, 'virsh start x', 'linux')).toMatch(/libvirt.*sudo virsh start x$/);
  expect(fixFor('no such disk', 'Start-VM', 'win32')).toMatch(/its disk: put it back, and then: Start-VM$/);
  expect(fixFor('the hypervisor is not running', 'Start-VM', 'win32')).toContain('bcdedit');
});

it('what Windows PowerShell says has its cause, and not the place in its script', () => {
  const said = [
    "Start-VM : 'Mint' failed to start.",
    'Not enough memory in the system to start the virtual machine Mint.',
    'In Zeile:1 Zeichen:90',
    '+ ... UTF8 } catch { }; Start-VM -VM (Get-VM -Id $env:VMSSH_ID)',
    '+                      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~',
    '    + CategoryInfo          : NotSpecified: (:) [Start-VM], VirtualizationException',
    '    + FullyQualifiedErrorId : OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM',
  ];
  expect(lastLines(said.join('\r\n'))).toBe(`${said[0]}; ${said[1]}`);
  expect(lastLines('a\n+ b\n')).toBe('a; + b');
});
