import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { prepare } from '../../src/commands/ssh/call.js';
import { asTarget, parseTarget } from '../../src/kinds/kinds.js';
import { splitArgs } from '../../src/ssh/split-args.js';
import { shellLine } from '../../src/typed/shell.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { property } from './property.js';

/** What vmssh says of the machine and its host key; all else is the user's. */
const ours = new Set([
  ...['proxycommand', 'proxyjump', 'proxyusefdpass', 'canonicalizehostname', 'checkhostip', 'hostkeyalias'],
  ...['stricthostkeychecking', 'knownhostscommand', 'userknownhostsfile', 'globalknownhostsfile'],
  ...['hashknownhosts', 'updatehostkeys', 'verifyhostkeydns'],
]);

/** Every keyword that a Host may set and `ssh -G` of 9.2 prints, with values that its default is not. */
const settings =
  `AddKeysToAgent yes|AddressFamily inet|BatchMode yes|BindAddress 127.0.0.1|BindInterface lo|CASignatureAlgorithms ssh-ed25519
CertificateFile ~/c|Ciphers aes256-ctr|Ciphers +aes128-cbc|ClearAllForwardings yes|Compression yes|ConnectionAttempts 3|ConnectTimeout 7
ControlMaster auto|ControlPath ~/.ssh/%C|ControlPersist 10|DynamicForward 1080|EnableEscapeCommandline yes|EscapeChar none
ExitOnForwardFailure yes|FingerprintHash md5|ForkAfterAuthentication yes|ForwardAgent yes|ForwardAgent /run/agent|ForwardX11 yes
ForwardX11Timeout 60|ForwardX11Trusted yes|GatewayPorts yes|GSSAPIAuthentication yes|GSSAPIDelegateCredentials yes|HostbasedAuthentication yes
HostbasedAcceptedAlgorithms ssh-ed25519|HostKeyAlgorithms ssh-rsa|HostKeyAlgorithms +ssh-rsa|HostKeyAlias other|HostName 10.0.0.9|HostName %h.corp
IdentitiesOnly yes|IdentityAgent none|IdentityAgent ~/agent|IdentityFile ~/keys/mine|IdentityFile ~/keys/%h|IPQoS lowdelay|KbdInteractiveAuthentication no
KexAlgorithms curve25519-sha256|LocalCommand true|LocalForward 8080 localhost:80|LogLevel DEBUG|LogLevel QUIET|MACs hmac-sha2-256
NoHostAuthenticationForLocalhost yes|NumberOfPasswordPrompts 1|PasswordAuthentication no|PermitLocalCommand yes|PermitRemoteOpen none
Port 2222|PreferredAuthentications password|ProxyCommand nc %h %p|ProxyJump gate|ProxyUseFdpass yes|PubkeyAcceptedAlgorithms +ssh-rsa
PubkeyAuthentication no|RekeyLimit 1G|RemoteCommand date|RemoteForward 9000 localhost:9|RequestTTY force|RequestTTY no|RequiredRSASize 2048
RevokedHostKeys ~/revoked|SendEnv LC_*|ServerAliveCountMax 9|ServerAliveInterval 5|SessionType none|SetEnv A=b|StdinNull yes
StreamLocalBindMask 0111|StreamLocalBindUnlink yes|StrictHostKeyChecking yes|SyslogFacility AUTH|Tag strict|TCPKeepAlive no|Tunnel yes|UpdateHostKeys yes
User root|User ann|UserKnownHostsFile ~/known|VerifyHostKeyDNS yes|VisualHostKey yes|XAuthLocation /x`.split(
    /[|\n]/,
  );

const names = ['mint', 'Mint-2', 'machine/mint', 'machine%mint', 'vsock/3', 'via/hv1/db', '.host', 'db.hv1'];
const typed = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom(
    'root@mint',
    'ssh://mint',
    'ssh://ann@mint:2200',
    '-l ann mint',
    '-p 44 mint',
    'mint -v date',
  ),
  fc.constantFrom(
    '-o User=x mint',
    '-o Compression=yes vsock/3',
    '-i ~/k -A mint',
    '-o LogLevel=ERROR machine/mint',
  ),
);
const pattern = fc.constantFrom(
  '*',
  'm*',
  '!mint',
  '!vsock/*',
  'm?nt',
  'machine/*',
  'machine%*',
  '*.hv1',
  ...names,
);
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
const match = fc.constantFrom(
  ...[
    'all',
    'final all',
    'user root',
    'user ann',
    'localuser nobody',
    'exec true',
    'exec false',
    'exec "test %n = mint"',
  ],
  ...names.flatMap((name) => [`host ${name}`, `originalhost ${name}`, `!originalhost ${name} user *`]),
);
const block = fc
  .tuple(
    fc.oneof(
      patterns.map((all) => `Host ${all.join(' ')}`),
      match.map((criteria) => `Match ${criteria}`),
    ),
    fc.array(fc.constantFrom(...settings), { maxLength: 8 }),
  )
  .map(([head, lines]) => [head, ...lines].join('\n    '));

describe('vmssh ssh NAME', () => {
  const dir = useTempDir();
  const missing = lacks('ssh');
  const file = join(dir, 'config');
  const uuid = '11111111-2222-4333-8444-555555555555';
  const find = async (text: string) => {
    const target = asTarget(text);
    if (target) return { text, target };
    const machine = {
      name: text,
      target: `qemu/${text}`,
      provider: 'libvirt',
      status: 'running' as const,
      also: [],
    };
    return { text: machine.target, target: parseTarget(machine.target), machine: { ...machine, uuid } };
  };
  /** What ssh makes of a call, a keyword and its values in one line. */
  const effect = async (words: readonly string[]) => {
    const { code, stdout } = await run(['sh', '-c', shellLine(words).replace('ssh ', 'ssh -G ')]);
    const lines = stdout.split('\n').filter((line) => !ours.has(line.replace(/ .*/s, '')));
    return code === 0 ? lines : undefined;
  };

  property(
    'is ssh NAME, but for the machine and its host key',
    fc.record({ blocks: fc.array(block, { minLength: 1, maxLength: 5 }), typed }),
    async ({ blocks, typed }) => {
      writeFileSync(file, `${blocks.join('\n')}\n`, { mode: 0o600 });
      const words = ['-F', file, ...typed.split(' ')];
      const plain = await effect(['ssh', ...words]);
      const io = fakeIo({
        env: { ...process.env, HOME: dir },
        self: ['/opt/vmssh'],
        platform: 'linux',
      });
      const options = { args: splitArgs('ssh', words), waitMs: undefined, print: true };
      const { command } = await prepare('ssh', options, io, find);
      expect(await effect(command)).toEqual(plain);
    },
    20,
    missing,
  );
});
