import { join } from 'node:path';
import { quote } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import { type ConfigFiles, configFiles } from '../../hosts/places.js';
import { type Plan, planInstall } from '../../hosts/plan.js';
import { asLastTime, silent } from '../../hosts/refresh.js';
import { enabledUnits, freshUnits } from '../../hosts/units.js';
import type { Io } from '../../process/io.js';
import { runProgram } from '../../process/run-program.js';
import type { AllMachines } from '../../sources/list-all.js';
import { ownerOf } from '../../ssh/config/file.js';
import { type HostEntry, noState, readState } from '../../ssh/config/state.js';
import { finding, type HostCheck, said } from './finding.js';

export interface FreshFacts {
  /** By `config install --fresh`. */
  readonly on: boolean;
  /** What of the last run cannot be used. */
  readonly problem?: Plan['refusal'];
  /** How many machines have no Host yet, and how many Hosts no machine any more. */
  readonly came: number;
  readonly gone: number;
  /** The user's units; "none": there is no systemd, "silent": it does not answer. */
  readonly units: 'none' | 'missing' | 'edited' | 'silent' | 'off' | 'failed' | 'on';
}

/** Undefined if the file for ssh is not there, or not as vmssh wrote it. */
export async function gatherFresh(
  io: Io,
  machines: AllMachines,
  files: ConfigFiles = configFiles({ system: false }, io),
  run: typeof runProgram = runProgram,
): Promise<FreshFacts | undefined> {
  const own = await readText(files.own).catch(() => undefined);
  if (own === undefined || ownerOf(own) !== 'ours') return undefined;
  const unitless = { ...files, units: undefined };
  const planned = planInstall(asLastTime, silent(io), async () => machines, unitless);
  const plan: Pick<Plan, 'problem' | 'refusal' | 'decision'> = await planned.catch(
    ({ message, hint = '' }) => ({
      refusal: { path: files.state, why: message.replace(`${quote(files.state)} `, ''), hint },
    }),
  );
  const { options, machines: written } = (await readState(files.state)) ?? noState;
  const hosts = (entries: readonly HostEntry[]) => new Set(entries.map(({ host }) => host));
  const [old, now] = [hosts(written), hosts(plan.decision?.state.machines ?? written)];
  const missing = (from: ReadonlySet<string>, to: ReadonlySet<string>) =>
    [...from].filter((host) => !to.has(host)).length;
  const on = options.fresh === true;
  const { problem: why, refusal } = plan;
  return {
    on,
    problem: why === undefined ? refusal : { path: files.state, why, hint: 'vmssh config install' },
    came: missing(now, old),
    gone: missing(old, now),
    units: on ? await unitsOf(files.units, io, run) : 'none',
  };
}

async function unitsOf(
  folder: string | undefined,
  { env }: Io,
  run: typeof runProgram,
): Promise<FreshFacts['units']> {
  if (folder === undefined) return 'none';
  const texts = freshUnits.map((name) => readText(join(folder, name)).catch(() => undefined));
  const owners = (await Promise.all(texts)).map(ownerOf);
  if (owners.includes('none')) return 'missing';
  if (owners.some((owner) => owner !== 'ours')) return 'edited';
  const command = ['systemctl', '--user', 'is-active', ...enabledUnits, 'vmssh-hosts.service'];
  const said = await run(command, { env, timeoutMs: 5000 }).catch(() => undefined);
  const states = said?.stdout.trim().split('\n') ?? [];
  if (states.length !== enabledUnits.length + 1) return 'silent';
  if (states.includes('failed')) return 'failed';
  return states.slice(0, enabledUnits.length).every((state) => state === 'active') ? 'on' : 'off';
}

export function freshChecks(facts: FreshFacts | undefined): readonly HostCheck[] {
  if (!facts) return [];
  const name = 'fresh Hosts';
  const { on, problem, came, gone, units } = facts;
  if (problem) {
    const { path, why, hint } = problem;
    return [finding(name, 'bad', said`the state cannot be used: ${quote(path)}: ${why}`, hint)];
  }
  const late = came + gone === 0 ? '' : `; since then ${came} came and ${gone} went`;
  const again = 'vmssh config install --fresh';
  if (!on) return [finding(name, 'none', `automatic Host updates: off${late}`, again)];
  const next =
    came + gone === 0 ? '' : `; ${came} came and ${gone} went, and the next vmssh list writes them`;
  switch (units) {
    case 'on':
      return [finding(name, 'ok', `vmssh list, vmssh ssh and systemd write them${next}`)];
    case 'none':
      return [finding(name, 'ok', `vmssh list and vmssh ssh write them${next}`)];
    case 'failed':
      return [finding(name, 'bad', `vmssh-hosts failed in systemd${next}`, status)];
    default:
      return [finding(name, 'none', `${whyNot[units]}: only vmssh list and ssh write them${next}`, again)];
  }
}

const status = 'systemctl --user status vmssh-hosts.service vmssh-hosts.path';

const whyNot = {
  missing: 'the units of systemd are not there',
  edited: 'a unit of systemd was edited',
  silent: "the user's systemd does not answer",
  off: 'the units of systemd are not enabled',
};
