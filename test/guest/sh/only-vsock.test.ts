import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import facts from '../../../src/guest/sh/parts/facts.sh';
import files from '../../../src/guest/sh/parts/files.sh';
import home from '../../../src/guest/sh/parts/home.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import undo from '../../../src/guest/sh/parts/undo.sh';
import write from '../../../src/guest/sh/parts/write.sh';
import onlyVsock from '../../../src/guest/sh/tcp/close.sh';
import { shell, shells } from '../../helpers/shells.js';
import { root, useRoot } from './guest.js';

useRoot();
beforeEach(() => mkdirSync(join(root, 'units')));

/** A systemctl whose units are files: "enabled active". */
const systemctl = `
came_over_vsock() { :; }
set_state() { printf '%s %s' "$2" "$3" >"$R/units/$1"; }
systemctl() {
  for unit in "$@"; do :; done
  if [ "$1" = show ]; then unit=$2; fi
  if [ ! -e "$R/units/$unit" ]; then return 1; fi
  read -r is_enabled is_active <"$R/units/$unit" || :
  case "$*" in
    *' -p Id '*) echo "$unit" ;;
    *' -p ActiveState '*) echo "$is_active" ;;
    'is-enabled '*) echo "$is_enabled" ;;
    '-q disable --now '*) 
      if [ "$is_enabled" = enabled ]; then is_enabled=disabled; fi
      set_state "$unit" "$is_enabled" inactive ;;
    '-q enable --now '*) set_state "$unit" enabled active ;;
    '-q enable '*) set_state "$unit" enabled "$is_active" ;;
    '-q is-active '*) [ "$is_active" = active ] ;;
    '-q stop '*) set_state "$unit" "$is_enabled" inactive ;;
    '-q start '*.socket) if grep -qs ' active' "$R/units/\${unit%.socket}.service"; then echo 'service already active'; return 1; fi
      set_state "$unit" "$is_enabled" active ;;
    '-q start '*) set_state "$unit" "$is_enabled" active ;;
  esac
}`;

describe.each(shells)("sshd's units of TCP: $name", ({ command }) => {
  const run = (script: string) =>
    shell(
      command,
      `set -u\nR="$1"\n${report}${files}${home}${write}${facts}${onlyVsock}${undo}${systemctl}\n${script}`,
      { args: [root] },
    ).stdout;
  const units = () =>
    Object.fromEntries(
      readdirSync(join(root, 'units')).map((name) => [name, readFileSync(join(root, 'units', name), 'utf8')]),
    );

  it.each([
    { 'ssh.service': 'enabled active' },
    { 'ssh.service': 'disabled active' },
    { 'ssh.socket': 'enabled active', 'ssh.service': 'enabled inactive' },
    { 'ssh.socket': 'enabled active', 'ssh.service': 'disabled active' },
    { 'sshd.socket': 'disabled inactive', 'sshd.service': 'static active' },
  ])('are closed, and are as they were after the undo: %j', (was) => {
    for (const [name, state] of Object.entries(was)) writeFileSync(join(root, 'units', name), state);
    expect(run('close_tcp')).toMatch(/^changed +only-vsock +closed: /);
    expect(Object.values(units()).filter((state) => state.endsWith(' active'))).toEqual([]);
    expect(run('close_tcp')).toMatch(/^ok +only-vsock /);
    expect(run('undo_all')).toMatch(/TCP is open again/);
    expect(units()).toEqual(was);
  });
});
