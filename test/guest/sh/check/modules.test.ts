import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import streams from '../../../../src/guest/sh/check/streams.sh';
import transport from '../../../../src/guest/sh/check/transport.sh';
import facts from '../../../../src/guest/sh/parts/facts.sh';
import report from '../../../../src/guest/sh/parts/report.sh';
import vsock from '../../../../src/guest/sh/parts/vsock.sh';
import { shells } from '../../../helpers/shells.js';
import { writeTree } from '../../../helpers/temp-dir.js';
import { root, runThere, useRoot } from '../guest.js';

useRoot();
const driver = 'vmw_vsock_virtio_transport';

describe.each(shells)('$name: modules', ({ command }) => {
  const run = (script: string) =>
    runThere(command, `${report}${facts}${vsock}${streams}${transport}\nport=22\nsleep() { :; }\n${script}`);
  const given = (files: Record<string, string>) =>
    writeTree(root, {
      'proc/net/protocols': 'AF_VSOCK  1232\n',
      'sys/bus/virtio/devices/virtio2/modalias': 'virtio:d00000013v00001AF4\n',
      'bin/modprobe': '#!/bin/sh\n',
      'bin/perl': '#!/bin/sh\n',
      ...files,
    });
  const loads = `modprobe ${driver} && echo ${driver} > /etc/modules-load.d/vsock.conf`;

  it.each([
    {
      file: 'etc/modprobe.d/no.conf',
      text: `# a list\nblacklist floppy\nblacklist ${driver}\n`,
      line: `line 3, has: blacklist ${driver}`,
      left: `# a list\nblacklist floppy\n# blacklist ${driver}\n`,
    },
    {
      file: 'run/modprobe.d/no.conf',
      text: ' install vmw-vsock-virtio-transport /bin/false\n',
      line: 'line 1, has: install vmw-vsock-virtio-transport /bin/false',
      left: '#  install vmw-vsock-virtio-transport /bin/false\n',
    },
    {
      file: 'etc/modprobe.d/cis.conf',
      text: `install vsock /usr/bin/true\nblacklist vsock\nblacklist ${driver}\n`,
      line: 'line 1, has: install vsock /usr/bin/true',
      left: `# install vsock /usr/bin/true\nblacklist vsock\n# blacklist ${driver}\n`,
    },
  ])('5: names the line of /$file that stops the driver, and takes it out', ({ file, text, line, left }) => {
    given({ [file]: text });
    const said = run('check_transport');
    expect(said).toContain(`has no driver: ${driver} is not loaded; /${file}, ${line}`);
    const [, fix = 'false', rest] = /^fix +transport +(sed .*?) && (modprobe.*)$/m.exec(said) ?? [];
    expect(rest).toBe(loads);
    execFileSync('sh', ['-c', fix.replaceAll(/ (?=\/(etc|run)\/)/g, ` ${root}`)]);
    expect(readFileSync(join(root, file), 'utf8')).toBe(left);
    expect(run('check_transport')).toContain(`fix      transport     ${loads}\n`);
  });

  it('5: overrides a file of the distribution, and does not read one that is overridden', () => {
    const file = 'usr/lib/modprobe.d/list.conf';
    given({ [file]: `blacklist floppy\nblacklist ${driver}\n` });
    const said = run('check_transport');
    expect(said).toContain(
      `fix      transport     sed -e '2s/^/# /' /${file} > /etc/modprobe.d/list.conf && ${loads}`,
    );
    given({ 'etc/modprobe.d/list.conf': 'blacklist floppy\n' });
    expect(run('check_transport')).toContain(`fix      transport     ${loads}\n`);
  });

  it('5: knows what stops AF_VSOCK itself', () => {
    given({ 'proc/net/protocols': '', 'etc/modprobe.d/no.conf': 'install vsock /bin/false\n' });
    expect(run('check_transport')).toMatch(
      /AF_VSOCK is not loaded .*; \/etc\/modprobe\.d\/no\.conf, line 1, has: install vsock \/bin\/false\nfix +transport +sed -i -e '1s\/\^\/# \/' \/etc\/modprobe\.d\/no\.conf && modprobe /,
    );
  });

  it.each([
    `blacklist ${driver}_common\n`,
    `install ${driver} /sbin/modprobe --ignore-install ${driver}; logger x\n`,
    `options ${driver} x=1\n#blacklist ${driver}\n`,
  ])('5: blames no other line: %j', (text) => {
    given({ 'etc/modprobe.d/x.conf': text });
    expect(run('check_transport')).toMatch(/is not loaded\nfix +transport +modprobe /);
  });

  it.each([`quiet module_blacklist=floppy,${driver} x`, 'modprobe.blacklist=vmw-vsock-virtio-transport'])(
    "5: names the word of the kernel's command line: %s",
    (line) => {
      given({ 'proc/cmdline': `${line}\n` });
      expect(run('check_transport')).toMatch(
        /is not loaded; the kernel's command line has (module_|modprobe\.)blacklist=\S+\nhint +transport +take vmw_vsock_virtio_transport out of (module_|modprobe\.)blacklist= on the kernel's command line and reboot\n/,
      );
    },
  );

  it('leaves no module loaded that it loaded, though a closed socket holds it for a while', () => {
    given({
      'bin/modprobe': `#!/bin/sh
case $2 in
  -r)
    echo . >>${root}/tries
    if [ "$(wc -l <${root}/tries)" -lt 4 ]; then exit 1; fi
    rmdir ${root}/sys/module/$3 ;;
  *) mkdir -p ${root}/sys/module/$2 ;;
esac
`,
      'bin/perl': '#!/bin/sh\necho banner SSH-2.0-x\n',
    });
    expect(run('banner_here 22')).toBe('banner SSH-2.0-x\n');
    expect(existsSync(join(root, 'sys/module/vsock_loopback'))).toBe(false);
    writeTree(root, { 'sys/module/vsock_loopback/refcnt': '0' });
    expect(run('banner_here 22')).toBe('banner SSH-2.0-x\n');
    expect(existsSync(join(root, 'sys/module/vsock_loopback'))).toBe(true);
  });
});
