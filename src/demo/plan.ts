import type { AddonState } from '../native.js';
import { libraryCopySteps, librarySshSteps } from './steps/library.js';
import { checkStep, scpSteps, sshSteps } from './steps/openssh.js';
import type { Section } from './steps/step.js';
import type { OpenSsh } from './tools.js';
import { type World, writeConfig } from './world.js';

const copies = 'scp copies 1 MiB there and back';
const logins = `your own ssh logs in, exit code 7 comes back, and ${copies}`;

/** What to show on this machine; missing tools are named, and replaced if possible. */
export function plan(world: World, openssh: OpenSsh, native: AddonState): readonly Section[] {
  const { ssh, scp } = openssh;
  return [
    checking(world, openssh),
    fdPassing(world, openssh, native),
    { title: 'ssh by relay: vmssh carries the bytes', ...openSshSteps(world, openssh, false) },
    ...(ssh.path && scp.path
      ? []
      : [
          {
            title: 'the library: ssh2 over a stream of connect()',
            steps: [...(ssh.path ? [] : librarySshSteps(world)), ...libraryCopySteps(world)],
          },
        ]),
  ];
}

// vmssh check gets a server's host key from the user's own ssh.
function checking(world: World, { ssh }: OpenSsh): Section {
  const title = 'vmssh check, step by step';
  if (ssh.path !== undefined) return { title, steps: [checkStep(world)] };
  const seen = "each step of a connection, the machine's host key, and that your key logs in";
  return { title, steps: [], skipped: { title: 'check', reason: ssh.missing, seen, hint: ssh.hint } };
}

function fdPassing(world: World, openssh: OpenSsh, native: AddonState): Section {
  const title = 'ssh by fd passing: vmssh hands ssh the open socket and is gone';
  if (native.addon) return { title, ...openSshSteps(world, openssh, true) };
  const without = 'passing a socket needs the native addon, which did not load';
  const { ssh } = openssh;
  const skipped = {
    title: 'fd passing',
    reason: ssh.path !== undefined ? without : `${ssh.missing}, and ${without}`,
    seen: `${logins}, with no vmssh process and no copying in between`,
    hint: `apt-get install ${ssh.path === undefined ? 'openssh-client ' : ''}g++, then npm run demo again: it builds the addon`,
  };
  return { title, steps: [], skipped };
}

function openSshSteps(
  world: World,
  { ssh, scp, scpFlags }: OpenSsh,
  fdpass: boolean,
): Omit<Section, 'title'> {
  if (ssh.path === undefined)
    return { steps: [], skipped: { title: 'ssh', reason: ssh.missing, seen: logins, hint: ssh.hint } };
  const name = fdpass ? 'fdpass' : 'relay';
  const config = writeConfig(world, `config-${name}`, fdpass);
  const login = sshSteps(world, ssh.path, config);
  if (scp.path === undefined)
    return { steps: login, skipped: { title: 'scp', reason: scp.missing, seen: copies, hint: scp.hint } };
  return { steps: [...login, ...scpSteps(world, [scp.path, ...scpFlags], config, name)] };
}
