/**
 * A script that starts a process with a command line of test/fixtures/qemu, changed by `edit` of sed. It is no QEMU; with `port` it listens
 * there, and what answers is the guest's own sshd.
 */
export function qemuAs(unit: string, fixture: string, edit = '', port?: number): string {
  const listening = `perl -MIO::Socket::INET -e '$^F = 9; $socket = IO::Socket::INET->new(LocalAddr => "0.0.0.0:${port}", Listen => 9); exec @ARGV'`;
  const [start, work] =
    port === undefined ? ['', 'sleep infinity'] : [listening, 'socat ACCEPT-FD:3,fork TCP:127.0.0.1:22'];
  return `sed '${edit}' /host/test/fixtures/qemu/${fixture}.cmdline.txt >/run/${unit}.cmdline
    systemd-run -q --unit=${unit} --expand-environment=no -p StandardInput=file:/run/${unit}.cmdline ${start} \
      bash -c 'mapfile -t args; exec -a "$args" bash -c "${work} & wait" "\${args[@]:1}"'`;
}

/** A script that starts a program of the bed's QEMU in a guest, where the folder of the bed's programs is /host. */
export function bedProgram(name: 'bin/qemu-system-x86_64' | 'libexec/virtiofsd'): string {
  const data = name.startsWith('bin/') ? '-L $root/share/qemu -L $root/share/seabios ' : '';
  return `#!/bin/sh
root=/host/qemu/usr
exec $root/lib64/ld-linux-x86-64.so.2 --library-path $root/lib/x86_64-linux-gnu $root/${name} ${data}"$@"
`;
}
