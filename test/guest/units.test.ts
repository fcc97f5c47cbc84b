import { describe, expect, it } from 'vitest';
import { layouts, unitFiles } from '../../src/guest/units.js';

describe('units', () => {
  it('are those of the seed, for port 22 on Debian', () => {
    const [socket, service] = unitFiles(22, layouts.debian);
    expect([socket.name, service.name]).toEqual(['sshd-vsock.socket', 'sshd-vsock@.service']);
    expect(socket.text).toContain('[Socket]\nListenStream=vsock::22\nAccept=yes\n');
    expect(socket.text).toContain('\nWants=ssh-access.target\nBefore=ssh-access.target\n');
    expect(socket.text).toContain('[Install]\nWantedBy=sockets.target\n');
    for (const line of [
      'RuntimeDirectory=sshd',
      'RuntimeDirectoryPreserve=yes',
      'ExecStart=-/usr/sbin/sshd -i',
      'StandardInput=socket',
    ]) {
      expect(service.text.split('\n')).toContain(line);
    }
  });

  it('have names and an address of their own for another port', () => {
    const [socket, service] = unitFiles(4294967294, layouts.arch);
    expect([socket.name, service.name]).toEqual([
      'sshd-vsock-4294967294.socket',
      'sshd-vsock-4294967294@.service',
    ]);
    expect(socket.text).toContain('ListenStream=vsock::4294967294\n');
    expect(service.text).toContain('ExecStart=-/usr/bin/sshd -i\n');
    expect(service.text).toContain('Wants=sshdgenkeys.service\nAfter=sshdgenkeys.service\n');
    expect(service.text).not.toContain('RuntimeDirectory');
  });

  it.each([
    { systemd: 254, limits: false },
    { systemd: 255, limits: true },
    { systemd: 262, limits: true },
  ])('limit connections by time as systemd $systemd can: $limits', ({ systemd, limits }) => {
    const [{ text }] = unitFiles(2222, layouts.debian, systemd);
    const lines = limits ? 'PollLimitIntervalSec=30s\nPollLimitBurst=50\n' : '';
    expect(text).toContain(`\nAccept=yes\n${lines}\n[Install]\n`);
  });

  it.each(Object.entries(layouts))('never have the URL form: %s', (_, layout) => {
    expect(unitFiles(22, layout)[0].text).not.toContain('://');
  });
});
