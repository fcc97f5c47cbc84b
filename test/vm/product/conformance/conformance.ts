import { describe, expect, test } from 'vitest';
import { suiteNamed } from '../../images/suites.js';
import { type BatchResult, batch } from '../scene/batch.js';
import { container, exportPath } from '../scene/machines.js';
import { cid, type Scene } from '../scene/scene.js';
import type { Cells } from './markdown-table.js';
import { record } from './record.js';

/** One check, with a proxy's ssh and scp in it. 0 is a pass. */
type Check = (proxy: { ssh: string; scp: string; systemd: number }) => string;

const sameId = '| cmp - /etc/machine-id';
const gives =
  (target: string): Check =>
  ({ ssh }) =>
    `${ssh} ${target} cat /etc/machine-id ${sameId}`;
const copies =
  (target: string): Check =>
  ({ scp }) =>
    `file=$(mktemp -u); ${scp} ${target}:/etc/machine-id $file && cmp $file /etc/machine-id`;
const enters =
  (target: string): Check =>
  ({ ssh }) =>
    `test "$(${ssh} ${target} uname -n)" = ${container}`;
const isActive =
  (unit: string): Check =>
  () =>
    `systemctl is-active ${unit} >&2`;

/** TEST-74-AUX-UTILS.ssh.sh of systemd, in its order. */
const test74: Readonly<Record<string, Check>> = {
  'ssh and sshd are there': () => 'command -v ssh sshd',
  '`sshd-unix-local.socket` is active': isActive('sshd-unix-local.socket'),
  '`sshd-vsock.socket` is active': isActive('sshd-vsock.socket'),
  '`sshd-unix-export.socket` is active, in a container': isActive(`-M ${container} sshd-unix-export.socket`),
  '`ssh .host` gives the machine id': gives('.host'),
  '`ssh unix/run/ssh-unix-local/socket` gives it': gives('unix/run/ssh-unix-local/socket'),
  '`ssh machine/.host` gives it': gives('machine/.host'),
  '`vsock_loopback` loads': () =>
    'modprobe vsock_loopback && test -e /dev/vsock -a -d /sys/module/vsock_loopback',
  '`ssh vsock/1` gives the machine id': gives('vsock/1'),
  '`scp vsock%1:/etc/machine-id` copies it': copies('vsock%1'),
};

/** What that test leaves out. */
const beyond: Readonly<Record<string, Check>> = {
  '`ssh vsock%1`': gives('vsock%1'),
  '`ssh vsock/OWN-CID`': gives(`vsock/${cid}`),
  '`ssh vsock/local`': gives('vsock/local'),
  '`ssh machine%.host`': gives('machine%.host'),
  '`scp .host:`': copies('.host'),
  '`scp unix%run%ssh-unix-local%socket:`': copies('unix%run%ssh-unix-local%socket'),
  '`ssh unix/PATH` with capitals in it': gives('unix/tmp/Upper.sock'),
  '`ssh vsock-mux/PATH`': gives('vsock-mux/tmp/mux'),
  '`scp vsock-mux%tmp%mux:`': copies('vsock-mux%tmp%mux'),
  '`ssh machine/NAME`, a container': enters(`machine/${container}`),
  '`ssh container/NAME`': enters(`container/${container}`),
  '`ssh unix/PATH`, what a container exports': ({ ssh, systemd }) =>
    enters(`unix${exportPath(systemd, container)}`)({ ssh, scp: '', systemd }),
  '`ssh machine/NAME`, a VM with a vSockCid': gives('machine/fakevm'),
  '`ssh machine/NAME`, a VM with only an sshAddress': gives('machine/fakeaddr'),
  '`ssh machine/NAME` in another case': enters(`machine/${container.toUpperCase()}`),
  'reports an unknown machine by its name': ({ ssh }) =>
    `{ ${ssh} machine/absent true || :; } 2>&1 | grep -q absent`,
  'reports why CID 4294967295 is refused': ({ ssh }) =>
    `{ ${ssh} vsock/4294967295 true || :; } 2>&1 | grep -qvE 'Assertion|mm_receive_fd|proxy dialer|^kex|closed by'`,
};

const tables = { 'TEST-74': test74, 'Beyond it': beyond };

/** Runs systemd's own checks with vmssh and with systemd-ssh-proxy as ssh's proxy, and compares seen.md. */
export function conformance(scene: () => Scene, suite: Scene['suite']): void {
  const { systemd } = suiteNamed(suite);
  const hasMachines = systemd >= 256;

  describe('conformance', () => {
    test.each(Object.entries(tables))('as seen before: %s', async (heading, checks) => {
      const { guest, programs } = scene();
      await startHelpers(scene());
      const names = Object.keys(checks).filter((name) => hasMachines || !needsMachines.test(name));
      const columns = new Map<string, Cells>();
      const proxies = [
        ...(heading === 'TEST-74' ? programs : programs.slice(0, 1)).map(({ name, ssh, scp }) => ({
          name,
          ssh: ssh('fdpass'),
          scp: scp('fdpass'),
        })),
        ...(hasMachines ? [{ name: 'systemd', ssh: systemdSsh('ssh -n'), scp: systemdSsh('scp') }] : []),
      ];
      for (const { name, ssh, scp } of proxies) {
        const commands = names.map((check) => [check, checks[check]?.({ ssh, scp, systemd }) ?? 'false']);
        const results = await batch(guest, Object.fromEntries(commands) as Record<string, string>);
        columns.set(name, new Map(Object.keys(checks).map((check) => [check, cell(results[check])])));
      }
      const node = columns.get('node') ?? new Map();
      expect(Object.fromEntries(columns.get('executable') ?? node)).toEqual(Object.fromEntries(node));
      record(heading, `vmssh, ${suite}`, node);
      const own = columns.get('systemd');
      if (own) record(heading, `systemd-ssh-proxy, ${suite}`, own);
      expect([...node.values()].filter((each) => !/^(yes|–)$/.test(each))).toEqual([]);
    });
  });
}

/** Containers and machined's varlink service came with systemd 256 and 257. */
const needsMachines = /container|machine\/NAME|unknown machine/;

/** A multiplexer as systemd's own users have one, and a socket whose path holds capitals. */
async function startHelpers({ guest }: Scene): Promise<void> {
  await guest.run(`set -e
    modprobe vsock_loopback
    test ! -e /tmp/mux || exit 0
    cat >/tmp/mux.sh <<'END'
read -r line; echo "OK 1024"; exec socat -t20 - VSOCK-CONNECT:1:22
END
    systemd-run -q --unit=mux socat UNIX-LISTEN:/tmp/mux,fork EXEC:'sh /tmp/mux.sh'
    systemd-run -q --unit=upper socat UNIX-LISTEN:/tmp/Upper.sock,fork UNIX-CONNECT:/run/ssh-unix-local/socket
    until test -S /tmp/mux -a -S /tmp/Upper.sock; do sleep 0.1; done`);
}

/** ssh as systemd's own lines in /etc/ssh/ssh_config.d make it, and as its test calls it. */
function systemdSsh(program: string): string {
  return `${program} -o StrictHostKeyChecking=no -o BatchMode=yes -o LogLevel=ERROR`;
}

function cell(result: BatchResult | undefined): string {
  if (!result) return '–';
  if (result.code === 0) return 'yes';
  const line = result.stderr.split('\n')[0]?.trim() ?? '';
  const reason = reasons.find(([pattern]) => pattern.test(line))?.[1] ?? line.replaceAll('|', '\\|');
  return reason === '' ? 'no' : `no: ${reason}`;
}

const reasons: readonly [RegExp, string][] = [
  [/Could not resolve hostname/, 'taken for a host name'],
  // It depends on which was first: systemd's socket for it, or the service that fails after that.
  [/machined on .run.user.|varlink call: Connection reset/, "the user's machined refuses"],
];
