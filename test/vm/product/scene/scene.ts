import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { bootGuest, type Guest, type Suite } from '../../bed/guest.js';
import { ensureImage } from '../../images/cache.js';
import { suiteNamed } from '../../images/suites.js';
import { installVsockUnits } from '../../inside/by-hand.js';
import { type GuestProgram, installProduct } from './guest-programs.js';
import { type HostSsh, hostSsh, type Mode, modes } from './host-ssh.js';
import { type Session, startSession } from './session.js';
import { type Stage, stageProduct } from './stage.js';

/** The guest's own CID. */
export const cid = 42;

/** One guest, with the product in it and on this side, which all tests of a file share. */
export interface Scene {
  readonly suite: Suite;
  readonly systemd: number;
  readonly stage: Stage;
  /** A short temp folder of this side. */
  readonly folder: string;
  readonly host: HostSsh;
  readonly guest: Guest;
  /** The guest from this side, as a target; the same for scp and rsync. */
  readonly target: string;
  readonly copyTarget: string;
  readonly programs: readonly GuestProgram[];
  /** Logins that were started before the guest was, with --wait. */
  readonly early: Readonly<Record<Mode, Session>>;
  /** What the early logins said when TCP's sshd answered, before anybody listened on vsock; if that is known. */
  readonly earlyBefore: Readonly<Record<Mode, string>> | undefined;
}

/** The executable brings all that it runs on, so one guest is enough: one that has a machined to ask. */
export function testsExecutable(suite: Suite): boolean {
  return suite === 'trixie';
}

/** Boots the guest before the file's tests, and gives what is known of it once they run. */
export function useScene(suite: Suite): () => Scene {
  let scene: Scene | undefined;
  const folder = mkdtempSync('/tmp/vmssh-p-');
  const stage = stageProduct({ withExecutable: testsExecutable(suite) });
  let guest: Guest | undefined;

  beforeAll(async () => {
    const { systemd, servesVsock } = suiteNamed(suite);
    const host = hostSsh(folder, stage, `${await ensureImage(suite)}/id_ed25519`);
    const target = `vsock-mux${folder}/Guest/vsock.sock`;
    const early = await startEarly(host, target);
    guest = await bootGuest({ suite, cid, share: stage.folder, wait: false });
    symlinkSync(guest.folder, join(folder, 'Guest'));
    await guest.ready();
    let earlyBefore: Scene['earlyBefore'];
    if (!servesVsock) {
      earlyBefore = { fdpass: early.fdpass.seen.stdout, relay: early.relay.seen.stdout };
      await installVsockUnits(guest);
      await installLocalUnits(guest);
    }
    const programs = await installProduct(guest, stage);
    scene = {
      suite,
      systemd,
      stage,
      folder,
      host,
      guest,
      target,
      programs,
      early,
      earlyBefore,
      copyTarget: target.replaceAll('/', '%'),
    };
  }, 400_000);

  afterAll(async () => {
    await guest?.stop();
    for (const each of [folder, stage.folder]) rmSync(each, { recursive: true, force: true });
  });

  return () => {
    if (!scene) throw new Error(`${suite} did not boot`);
    return scene;
  };
}

async function startEarly(host: HostSsh, target: string): Promise<Record<Mode, Session>> {
  const start = (mode: Mode) => startSession([...host.waiting(mode, 300), '-n', target, 'uname -n']);
  const early = { fdpass: start('fdpass'), relay: start('relay') };
  await Promise.all(modes.map((mode) => early[mode].until(() => early[mode].seen.stderr.includes('ENOENT'))));
  return early;
}

/** The socket that systemd 256 and later bind by themselves, made by hand: with it `.host` works on an older one. */
async function installLocalUnits(guest: Guest): Promise<void> {
  await guest.run(`cd /etc/systemd/system
    sed 's,^ListenStream=.*,ListenStream=/run/ssh-unix-local/socket,' sshd-vsock.socket >sshd-unix-local.socket
    cp sshd-vsock@.service sshd-unix-local@.service
    systemctl daemon-reload
    systemctl -q enable --now sshd-unix-local.socket`);
}
