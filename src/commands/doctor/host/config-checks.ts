import { shellQuoted } from '../../../address/shell-word.js';
import { abilitiesOf } from '../../../process/ssh-version.js';
import { controlPathFix, controlPathMessage } from '../../../ssh/control-path.js';
import { type HostCheck, plain } from './check.js';
import type { ConfigFacts, SshFacts } from './config.js';
import { ours, servedBy } from './served.js';

/** Judges the facts. */
export function configChecks(config: ConfigFacts, ssh: SshFacts): readonly HostCheck[] {
  return [...home(config), lines(config, ssh), include(config), effective(config, ssh), ...controlPath(ssh)];
}

function home({ homes }: ConfigFacts): readonly HostCheck[] {
  if (!homes) return [];
  const found = `HOME is ${homes.env}, but ssh uses the home directory ${homes.ssh}`;
  const report = 'HOME is not the home directory that ssh uses';
  return [
    {
      name: 'home',
      state: 'bad',
      found,
      report,
      fix: `HOME=${shellQuoted(homes.ssh)} vmssh config install`,
    },
  ];
}

function controlPath({ controlPath: path }: SshFacts): readonly HostCheck[] {
  if (path === undefined) return [];
  const report = 'the name of a target breaks it';
  return [
    { name: 'ControlPath', state: 'bad', found: controlPathMessage(path), report, fix: controlPathFix },
  ];
}

function lines(
  { owner, path, mainPath, pasted, callsThis, aside, typed, weakCrypto }: ConfigFacts,
  { proxyCommand, version }: SshFacts,
): HostCheck {
  const name = 'config';
  const other = version === undefined ? undefined : unfit(typed, weakCrypto, version);
  switch (owner) {
    case 'none':
      if (pasted && callsThis)
        return {
          name,
          state: 'ok',
          found: `${mainPath} has the lines, and calls this vmssh`,
          report: "ssh's own file has the lines, and calls this vmssh",
        };
      if (pasted)
        return {
          name,
          state: 'bad',
          found: `${mainPath} has the lines, and calls another vmssh`,
          report: "ssh's own file has the lines, and calls another vmssh",
          fix: 'remove them there, then run: vmssh config install',
        };
      if (ours.test(proxyCommand ?? ''))
        return {
          name,
          state: 'none',
          ...plain('ssh has the patterns from another file; machines have no Host of their own'),
          fix: 'vmssh config install',
        };
      return {
        name,
        state: 'bad',
        ...plain('vmssh is not in your ssh configuration'),
        fix: 'vmssh config install',
      };
    case 'foreign':
    case 'edited':
      return {
        name,
        state: 'bad',
        found: `${path} is not as vmssh wrote it`,
        report: `its file is ${owner}`,
        fix: aside,
      };
    case 'ours':
      if (callsThis && other !== undefined)
        return {
          name,
          state: 'bad',
          found: `${path} ${other}`,
          report: `its file ${other}`,
          fix: 'vmssh config install',
        };
      return callsThis
        ? { name, state: 'ok', found: `${path} calls this vmssh`, report: 'its file calls this vmssh' }
        : {
            name,
            state: 'bad',
            found: `${path} calls another vmssh`,
            report: 'its file calls another vmssh',
            fix: 'vmssh config install',
          };
  }
}

/** Why lines that were written for another version of ssh do not fit the one that is here now. */
function unfit(
  typed: boolean | undefined,
  weakCrypto: boolean | undefined,
  version: string,
): string | undefined {
  const { givesTyped, warnsOfKex } = abilitiesOf(version);
  if (weakCrypto && !warnsOfKex)
    return 'was written for ssh 10.1 or later; this one is older and ends at the WarnWeakCrypto in it';
  if (typed === undefined || typed === givesTyped) return undefined;
  return givesTyped
    ? 'was written for an ssh before 8.1, and so capitals in a target are lost; this ssh is newer'
    : 'was written for ssh 8.1 or later; this one is older and ends at the %n in it';
}

function include({ owner, include: where, mainPath, pasted }: ConfigFacts): HostCheck {
  const name = 'Include';
  if (owner === 'none' && pasted)
    return { name, state: 'none', ...plain('not needed, the lines are there already') };
  if (owner === 'none') return { name, state: 'none', ...plain('nothing to include yet') };
  const first = 'it is included above the first Host';
  if (where === 'first')
    return { name, state: 'ok', found: `${mainPath} includes it above the first Host`, report: first };
  const late =
    where === 'late' ? plain('it is below a Host or Match, and so applies only to that') : undefined;
  const none = { found: `${mainPath} does not include it`, report: 'it is not included' };
  return { name, state: 'bad', ...(late ?? none), fix: 'vmssh config install' };
}

// What counts is the first ProxyCommand that ssh reads.
function effective(
  { owner, homes }: ConfigFacts,
  { version, proxyCommand, proxyCommands = { 'vsock/*': proxyCommand } }: SshFacts,
): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return { name, state: 'none', ...plain('no ssh to ask') };
  if (proxyCommand === undefined)
    return {
      name,
      state: owner === 'none' ? 'none' : 'bad',
      ...plain('ssh has no ProxyCommand for it'),
      ...(homes ? {} : { fix: 'vmssh config install' }),
    };
  if (proxyCommand.includes('%n') && !abilitiesOf(version).givesTyped)
    return {
      name,
      state: 'bad',
      ...plain('this ssh is older than 8.1 and ends at the %n in the lines'),
      fix: 'write them for this ssh: vmssh config install',
    };
  const served = servedBy(proxyCommands);
  if (served === undefined) return { name, state: 'ok', ...plain('ssh runs vmssh') };
  return {
    name,
    state: 'none',
    found: ours.test(proxyCommand) ? served : `${served}: ${proxyCommand}`,
    report: served,
    fix: 'put ours above it: vmssh config install',
  };
}
