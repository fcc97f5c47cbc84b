import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { offScript } from '../../../src/guest/script.js';
import { printing } from '../../helpers/expected.js';
import { shell, shells } from '../../helpers/shells.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { given, root, useRoot } from './guest.js';

useRoot();

/** systemd, as far as a mask changes what it says. */
const systemctl = `#!/bin/sh
root=\${0%/bin/systemctl}
case "$*" in
  *LoadState*) if [ -e "$root/masked" ]; then echo masked; else cat "$root/load"; fi ;;
  *is-active*) exit "$(cat "$root/tcp")" ;;
  *' mask '*) touch "$root/masked" ;;
  *unmask*) rm "$root/masked" ;;
  *Listen*) echo 'vsock::22 (Stream)' ;;
esac
echo "$*" >>"$root/calls"
`;

describe.each(shells)('$name: guest off', ({ command }) => {
  beforeEach(() =>
    given({
      'bin/systemctl': systemctl,
      'bin/id': '#!/bin/sh\necho 0\n',
      'bin/modprobe': '#!/bin/sh\n',
      'bin/perl': '#!/bin/sh\ncat "$(dirname "$0")/../vsock"\n',
      'proc/1/comm': 'systemd\n',
      'run/systemd/system/x': '',
      load: 'loaded\n',
      tcp: '0\n',
      vsock: 'error 111 Connection refused\n',
    }),
  );
  const run = (undo = false) => {
    const script = offScript({ undo }).replace("\nR=''\n", `\nR='${root}'\nPATH="$R/bin:$PATH"\n`);
    const { code, stdout, stderr } = shell(command, script);
    expect(stderr).toBe('');
    return { code, stdout };
  };
  const masked = () => existsSync(join(root, 'masked'));

  it('masks the socket, proves that the port is closed, and undoes it', () => {
    const off = run();
    expect(off.code, off.stdout).toBe(0);
    expect(off.stdout).toMatch(/^changed +off +sshd-vsock\.socket is stopped and masked/m);
    expect(off.stdout).toMatch(/^ok +closed +a connection to vsock port 22 over loopback is refused$/m);
    expect(readFileSync(join(root, 'calls'), 'utf8')).toContain('mask --now sshd-vsock.socket');
    expect(run().stdout).toMatch(/^ok +off +sshd-vsock\.socket is masked already/m);
    expect(run(true).stdout).toMatch(/^changed +off +.* is no longer masked, and listens on vsock::22/m);
    expect(masked()).toBe(false);
    expect(run(true)).toMatchObject(printing(0, /^ok +off +.* is not masked$/m));
  });

  it("masks nothing while sshd's TCP is only on loopback", () => {
    given({ 'etc/ssh/sshd_config.d/10-vmssh-loopback.conf': '' });
    const { code, stdout } = run();
    expect(code).toBe(2);
    expect(stdout).toMatch(/^failed +off +sshd's TCP is only on loopback .*nobody could log in/m);
    expect(masked()).toBe(false);
  });

  it('fails if something still answers there', () => {
    given({ vsock: 'banner SSH-2.0-x\n' });
    expect(run()).toMatchObject(printing(1, /^failed +closed +something still answers on vsock port 22$/m));
  });

  eachRow({
    'no sshd on TCP': { files: { tcp: '3\n' }, says: /nobody could log in afterwards/ },
    "neither sshd on TCP nor a unit of systemd's own": {
      files: { tcp: '3\n', 'etc/systemd/system/sshd-vsock.socket': '[Socket]\n' },
      says: /nobody could log in afterwards/,
    },
    "a unit that is not systemd's own": {
      files: { 'etc/systemd/system/sshd-vsock.socket': '[Socket]\n' },
      says: /is not systemd's own\nhint +off +on the host: vmssh guest install --undo/,
    },
    'no root': { files: { 'bin/id': '#!/bin/sh\necho 1000\n' }, says: /has to write to \/etc/ },
  })('changes nothing with $name', ({ files, says }) => {
    given(files);
    const { code, stdout } = run();
    expect([code, masked()]).toEqual([2, false]);
    expect(stdout).toMatch(says);
    expect(stdout).not.toMatch(/^fix/m);
  });
});
