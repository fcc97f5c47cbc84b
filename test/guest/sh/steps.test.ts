import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { setupScript, undoScript } from '../../../src/guest/script.js';
import { layouts, unitFiles } from '../../../src/guest/units.js';
import { shell, shells } from '../../helpers/shells.js';
import { functionsOf, root, useRoot } from './guest.js';

useRoot();
beforeEach(() => mkdirSync(join(root, 'etc')));

// A step of the whole script, with a systemctl of the test; nothing of this host is asked or changed.
describe.each(shells)('a step that fails is reported as failed: $name', ({ command }) => {
  const run = (script: string, step: string) => {
    const all = `${functionsOf(script)}\nscratch=$R\n${step}\necho "faults: $faults"`;
    return shell(command, all, { args: [root] }).stdout;
  };
  const setup = (step: string) => run(setupScript({ port: 22, onlyVsock: true }), step);
  const undo = (step: string) => run(undoScript(), `undo_all_of() { ${step}; undo_all; }; undo_all_of`);
  const journal = (text: string) => {
    mkdirSync(join(root, 'var/lib/vmssh/before'), { recursive: true });
    writeFileSync(join(root, 'var/lib/vmssh/done'), text);
  };
  const refuse = (pattern: string) =>
    `systemctl() { case "$*" in ${pattern}) echo "no: $*" >&2; return 1 ;; *is-enabled*) echo enabled ;; *' -p Id '*) echo "$2" ;; esac; }`;

  it.each(Object.entries(layouts))(
    'no step: the units are those of vmssh guest print --as units, for %s',
    (_, layout) => {
      const keyUnit = 'keyUnit' in layout ? `echo ${layout.keyUnit}` : 'return 1';
      const system = `systemctl() { :; }; sshd=${layout.sshd}; privsep_folder() { echo ${layout.privsep}; }; key_units() { ${keyUnit}; }`;
      const said = setup(`${system}; name=sshd-vsock; write_units`);
      expect(said).toMatch(/^changed +units .*\nfaults: 0\n$/);
      for (const { name, text } of unitFiles(22, layout)) {
        expect(readFileSync(join(root, 'etc/systemd/system', name), 'utf8')).toBe(text);
      }
    },
  );

  it.each([254, 255, 262])(
    'no step: the socket unit is that of vmssh guest print --as units, for systemd %i',
    (version) => {
      const system = `systemctl() { echo 'systemd ${version} (${version}.1)'; }; sshd=/usr/sbin/sshd`;
      setup(`${system}; name=sshd-vsock; privsep_folder() { :; }; write_units`);
      const [{ name, text }] = unitFiles(22, layouts.debian, version);
      expect(readFileSync(join(root, 'etc/systemd/system', name), 'utf8')).toBe(text);
    },
  );

  it.each([
    ['yes', 'slept\nslept\n'],
    ['no', ''],
  ])('a device that was just plugged in is waited for: %s', (plugged, want) => {
    const comes = `sleep() { echo slept; naps=$((naps + 1)); }; naps=0; vsock_device() { [ $naps = 2 ]; }`;
    expect(setup(`${comes}; plugged=${plugged}; await_device`)).toBe(`${want}faults: 0\n`);
  });

  it('a TCP listener that stays on', () => {
    const said = setup(`${refuse("*' disable '*")}; came_over_vsock() { :; }; close_tcp`);
    expect(said).toMatch(/^failed +only-vsock +systemctl -q disable --now ssh\.socket: no: -q disable/);
    expect(said).toMatch(/^hint +only-vsock +once the cause of that is gone, run this again$/m);
    expect(said).not.toMatch(/^fix/m);
    expect(said).not.toMatch(/^(ok|changed)/m);
    expect(said).toMatch(/faults: 4\n$/);
  });

  it('TCP stays open if another step failed', () => {
    const said = setup('close_tcp() { echo closed; }; (faults=1; finish); echo; finish');
    expect(said).toBe('end      1             a step failed\n\nclosed\nfaults: 0\n');
  });

  it('a unit file that cannot be written', () => {
    writeFileSync(join(root, 'etc/systemd'), '');
    const said = setup('echo A=1 | put units "$R/etc/systemd/system/x.socket" 644; echo "$?"');
    expect(said).toMatch(/^failed +units .*\/etc\/systemd\/system\/x\.socket cannot be written: mkdir: .*\n/);
  });

  it('a unit that was not written to the journal is not enabled', () => {
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    writeFileSync(join(root, 'var/lib/vmssh'), '');
    const said = setup('systemctl() { echo "called: $*" >&2; }; name=x; units=ok; enable_socket');
    expect(said).toMatch(/^failed +enable +x\.socket is not enabled: mkdir: .*\nfix .*\nend +1 /);
  });

  it('a reload', () => {
    const said = setup(
      `${refuse('daemon-reload')}; show() { echo active; }; name=x; units=changed; enable_socket`,
    );
    expect(said).toMatch(/^failed +enable +systemctl daemon-reload: no: daemon-reload\n/);
  });

  it('a hosts file', () => {
    mkdirSync(join(root, 'etc/hosts'));
    const said = setup('hosts_fix=yes; unknown_lookup_ms() { echo 1; }; fix_hosts');
    expect(said).toMatch(/^failed +hosts +\/etc\/hosts cannot be written: .*etc\/hosts is a folder\n/);
  });

  it('the undoing of a unit, and the journal stays', () => {
    journal('enabled\tx.socket\t\n');
    const said = undo(refuse('*disable*'));
    expect(said).toMatch(/^failed +undo +systemctl -q --no-reload disable --now x\.socket: no: /);
    expect(said).toMatch(/faults: 1\n$/);
    expect(readFileSync(join(root, 'var/lib/vmssh/done'), 'utf8')).toContain('x.socket');
    expect(undo('systemctl() { :; }')).toMatch(/^changed +undo +x\.socket disabled\nfaults: 0\n$/);
    expect(existsSync(join(root, 'var/lib/vmssh'))).toBe(false);
  });

  it('a unit that was disabled meanwhile is not an error', () => {
    journal('enabled\tx.socket\t\n');
    const gone = 'systemctl() { case "$*" in *is-active*|*disable*) return 1 ;; esac; }';
    expect(undo(gone)).toMatch(/^ok +undo +x\.socket is disabled already\nfaults: 0\n$/);
  });

  it('a file of ours that cannot be removed', () => {
    writeFileSync(join(root, 'unit'), '');
    journal(`file\t${root}/unit\t\n`);
    const said = undo('systemctl() { :; }; whose() { echo ours; }; rm() { echo no >&2; return 1; }');
    expect(said).toMatch(/^failed +undo +rm -f .*\/unit: no\n/);
    expect(said).toMatch(/faults: 1\n$/);
  });

  it('.hushlogin that its user wrote into keeps what is in it', () => {
    writeFileSync(join(root, 'hush'), 'mine\n');
    journal(`added\troot\t${root}/hush\t\n`);
    expect(undo('systemctl() { :; }')).toMatch(/^ok +undo +.*hush has none of our lines\n/);
    expect(readFileSync(join(root, 'hush'), 'utf8')).toBe('mine\n');
  });
});
