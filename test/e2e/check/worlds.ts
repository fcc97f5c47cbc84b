import type { AgentKind } from './agents.js';

/** What a user and a machine have, and what comes out of it. DIR in a text is the folder of the test. */
export interface World {
  readonly name: string;
  /** Lines of the user's configuration above vmssh's. */
  readonly above?: string;
  /** His lines for every host; default: an IdentityFile with a key that the machine knows. */
  readonly below?: string;
  /** Lines above the others of the machine's sshd_config. */
  readonly sshd?: string;
  readonly agent?: AgentKind | 'has the key' | 'has the certificate' | 'is gone';
  readonly shell?: 'bash' | 'fish' | 'tcsh' | 'zsh';
  /** A program of the machine, by its name and package. */
  readonly needs?: 'tmux';
  /** Files below HOME. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed; default: the machine's address. */
  readonly typed?: string;
  /** The machine's sshd does not run. */
  readonly isOff?: true;
  /** The machine's key is not known when check comes, which keeps it. */
  readonly isNew?: true;
  /** Another program wrote ~/.ssh/config, and it has no Include: ssh reads that file. */
  readonly isLost?: true;
  /** ssh asks for a terminal, as for a shell; default: yes. */
  readonly isTerminal?: false;
  readonly state: 'ok' | 'skipped' | 'failed';
  readonly says: RegExp;
  /** What another finding says. */
  readonly alsoSays?: RegExp;
  /** One of ten that npm test tries. */
  readonly isFirst?: true;
}

const known = 'IdentityFile DIR/id\nIdentitiesOnly yes\nIdentityAgent none';
const variable = (name: string) => `\${${name}}`;
const ownHost =
  'Host own-85\nProxyCommand SSHD -i -f DIR/sshd_config\nStrictHostKeyChecking accept-new\nUserKnownHostsFile DIR/known-hosts\n';
/** His lines with one key, of a file alone. */
const only = (key: string) => `IdentityFile DIR/${key}\nIdentityAgent none`;
const noFile = 'IdentityFile DIR/nothing';
// Whatever the shell of the account is that runs the tests.
const startFileThere =
  'ForceCommand HOME=DIR/home BASH_ENV=DIR/home/start exec bash -c "$SSH_ORIGINAL_COMMAND"';

const signedByOther = 'TrustedUserCAKeys DIR/other.pub\nAuthorizedKeysFile none\n';
const expired = /^your certificate \S* has expired \(\d{4}-\d\d-\d\d \d\d:\d\d UTC\), and sshd lets no key/;

/** Rows by what check finds: what it says, and what is otherwise than in a usual world. */
const row =
  (state: World['state']) =>
  (name: string, says: RegExp, more: Partial<World> = {}): World => ({ name, state, says, ...more });
const [ok, asks, fails] = [row('ok'), row('skipped'), row('failed')];

export const worlds: readonly World[] = [
  ok('a key that the machine knows', /^ssh logs in as \S+ with \S*\/id \(\d+\.\d s, by export\)$/, {
    isFirst: true,
  }),
  ok('a first contact under accept-new', /; its host key was new, and ssh keeps it: SHA256:/, {
    above: 'Host *\nStrictHostKeyChecking accept-new\n',
    isNew: true,
  }),
  ok('a machine that is new at each boot', /^ssh logs in as [^;]*$/, {
    above: 'Host *\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n',
  }),
  fails('a certificate whose time is over', expired, { sshd: signedByOther, below: only('signed') }),
  fails('the same of an agent', expired, {
    sshd: signedByOther,
    below: noFile,
    agent: 'has the certificate',
  }),
  fails(
    'a machine that hangs behind its multiplexer',
    /^the machine takes no connection: it hangs, or boots$/,
    { typed: 'vsock-muxDIR/agent', agent: 'hangs' },
  ),
  ok('by its user', /^ssh logs in as /, { typed: 'USER@ADDRESS' }),
  fails('a user that is not there', /lets no key of yours in as nobody-is-it: /, {
    typed: 'nobody-is-it@ADDRESS',
  }),
  fails('a key that it does not know', /lets no key of yours in.*ssh offers .*other ED25519 SHA256:/, {
    below: only('other'),
    isFirst: true,
  }),
  fails('no key at all', /lets no key of yours in.*ssh has none to offer/, { below: only('nothing') }),
  fails(
    'an IdentityFile that is not there, above a key that ssh would find',
    /IdentityFile \(\S+ line \d+\) is \S+nothing, which is not there, and takes the place of \S+id_ed25519$/,
    { below: only('nothing'), files: { '.ssh/id_ed25519': '' } },
  ),
  asks('a key with a passphrase and no agent', /^ssh would ask for the passphrase of \S*\/pass\b/, {
    below: only('pass'),
    isFirst: true,
  }),
  asks(
    'a key with a passphrase that only its public file shows',
    /^ssh would ask for the passphrase of \S*\/passbare\b/,
    { below: only('passbare') },
  ),
  fails(
    'a private key that others may read',
    /sshd takes \S*open, but ssh cannot use it: Load key .*bad permissions/,
    { below: only('open') },
  ),
  fails(
    'a public key whose private one is gone',
    /sshd takes \S*half, but ssh cannot use it: no such identity/,
    { below: only('half') },
  ),
  ok('an IdentityFile with tokens', /with \S*-key \(/, {
    below: `IdentityFile ${variable('KEYS')}/%u-key\nIdentityAgent none`,
    env: { KEYS: 'DIR' },
  }),

  ok('an agent with the key', /^ssh logs in as \S+ with /, { below: noFile, agent: 'has the key' }),
  ok('an agent with the key of a passphrase', /^ssh logs in as /, {
    below: 'IdentityFile DIR/pass',
    agent: 'has the key',
  }),
  fails('an agent that never answers', /^the ssh-agent at \S+ does not answer, and ssh waits for it/, {
    below: noFile,
    agent: 'hangs',
    isFirst: true,
  }),
  fails('an agent that never answers, beside a key in a file', /^the ssh-agent at \S+ does not answer/, {
    below: 'IdentityFile DIR/id',
    agent: 'hangs',
  }),
  ok('an agent that never answers, and is not asked', /^ssh logs in/, { agent: 'hangs' }),
  fails('an agent without keys', /^the ssh-agent at \S+ has no keys: it may be locked/, {
    below: noFile,
    agent: 'is empty',
    isFirst: true,
  }),
  fails('an agent that is gone', /^the ssh-agent at \S+ is gone \(ENOENT\)/, {
    below: noFile,
    agent: 'is gone',
  }),
  fails(
    'an agent that does not sign',
    /sshd takes in the agent, but ssh cannot use it: .*agent refused operation/,
    { below: noFile, agent: 'signs nothing', isFirst: true },
  ),
  fails('an agent that does not list', /^the ssh-agent at \S+ cannot be asked: it refuses to list its keys/, {
    below: noFile,
    agent: 'refuses',
  }),
  fails('an agent whose answer breaks off', /the ssh-agent at \S+ cannot be asked: its answer is broken/, {
    below: noFile,
    agent: 'breaks',
  }),
  fails('an agent that does not sign, beside a file that does', /cannot use it: .*agent refused operation/, {
    below: 'IdentityFile DIR/id',
    agent: 'signs nothing',
  }),
  ok('an agent without keys, beside a file', /with \S*\/id \(/, {
    below: 'IdentityFile DIR/id',
    agent: 'is empty',
  }),
  fails('an agent of IdentityAgent', /at \S+agent-named is gone/, {
    below: `${noFile}\nIdentityAgent DIR/agent-named`,
    agent: 'is gone',
  }),

  fails(
    'PubkeyAuthentication no',
    /^ssh offers no key: PubkeyAuthentication no is this host's own setting \(\S+ line \d+\)/,
    { below: `PubkeyAuthentication no\n${known}`, isFirst: true },
  ),
  fails(
    'PreferredAuthentications password',
    /PreferredAuthentications password is this host's own setting \(/,
    { below: `PreferredAuthentications password\n${known}` },
  ),
  ok('PubkeyAuthentication no for another host', /^ssh logs in/, {
    above: 'Host elsewhere\nPubkeyAuthentication no\n',
  }),
  fails('a configuration that ssh does not read', /Bad configuration option/, {
    above: 'NoSuchKeyword yes\n',
  }),
  fails('a user of the configuration that is not there', /in as nobody-is-it \(User, \S+ line 2\): /, {
    above: 'Host unix/*\nUser nobody-is-it\n',
  }),
  ok('a command of its own', /^ssh logs in/, {
    below: `RemoteCommand /bin/false\n${known}`,
    alsoSays: /^RemoteCommand .* rsync, git and editors fail/,
  }),
  ok('a local command', /^ssh logs in/, {
    below: `PermitLocalCommand yes\nLocalCommand echo welcome\n${known}`,
    alsoSays: /^LocalCommand .*: if it prints, rsync and git fail/,
  }),
  ok('a forwarding that ends ssh if it fails', /^ssh logs in/, {
    below: `ExitOnForwardFailure yes\nRemoteForward 0 localhost:9\n${known}`,
    alsoSays: /^ExitOnForwardFailure .*: ssh ends if a port of its forwardings is taken/,
  }),
  ok('no session of its own', /^ssh logs in/, { below: `SessionType none\n${known}` }),
  ok('a login that goes into the background', /^ssh logs in/, {
    below: `ForkAfterAuthentication yes\n${known}`,
  }),
  ok('LogLevel QUIET', /^ssh logs in as \S+ with/, { below: `LogLevel QUIET\n${known}` }),
  ok('FingerprintHash md5', /^ssh logs in as \S+ with/, { below: `FingerprintHash md5\n${known}` }),
  ok('RequestTTY force', /^ssh logs in/, {
    below: `RequestTTY force\n${known}`,
    alsoSays: /^RequestTTY force .*: sftp waits without an end, rsync and git fail/,
  }),
  ok('an agent and a screen that are forwarded', /^ssh logs in/, {
    below: `ForwardAgent yes\nForwardX11 yes\n${known}`,
  }),
  fails(
    'a Ciphers line that sshd does not have',
    /no matching cipher found\. .*: Ciphers in \S+ line \d+ has none of these$/,
    { below: `Ciphers aes128-cbc\n${known}`, sshd: 'Ciphers aes256-gcm@openssh.com' },
  ),
  fails(
    'an sshd with old algorithms alone',
    /no matching key exchange method found\. .*: sshd there is older than what this ssh takes by itself$/,
    { sshd: 'KexAlgorithms diffie-hellman-group1-sha1' },
  ),
  // Others are found while other tests run.
  fails('a name without a Host', /^no machine (was found|is called no-such-machine-85)/, {
    typed: 'no-such-machine-85',
  }),
  asks(
    'an Include that is gone',
    /^by vmssh ssh, ssh would ask about its host key, .*; plain ssh has no Host unix\S+, and asks the network for it/,
    { isLost: true },
  ),
  ok('a Host of his own, where vmssh knows no machine', /^ssh logs in as .* s\)/, {
    above: ownHost,
    typed: 'own-85',
  }),
  ok('addresses with a domain of his own', /^ssh logs in as /, {
    below: `HostName %h.corp.example.com\n${known}`,
  }),
  fails('a ProxyCommand of his own', /^ssh goes by ProxyCommand false \(\S+ line 3\), and not by vmssh: /, {
    above: 'Host unix/*\nProxyUseFdpass no\nProxyCommand false\n',
  }),
  fails('a ProxyJump of his own', /^ssh goes by ProxyJump gate \(\S+ line 2\), and not by vmssh: /, {
    above: 'Host * !gate\nProxyJump gate\nHost gate\nProxyCommand echo no gate >&2\n',
  }),

  asks('a password that sshd takes', /^sshd lets no key of yours in as .*, but would ask for a password: /, {
    below: only('other'),
    sshd: 'PasswordAuthentication yes',
    isFirst: true,
  }),
  fails('a password that ssh does not give', /lets no key of yours in/, {
    below: 'IdentityFile DIR/other\nIdentityAgent none\nPasswordAuthentication no',
    sshd: 'PasswordAuthentication yes',
  }),
  asks('a second factor', /^ssh would ask for a second factor \(password\)/, {
    sshd: 'PasswordAuthentication yes\nAuthenticationMethods publickey,password',
  }),
  asks('a second factor by a dialog', /^ssh would ask for a second factor \(keyboard-interactive\)/, {
    sshd: 'KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive',
  }),
  fails('Kerberos alone, without a ticket', /^sshd takes Kerberos alone, and ssh has no ticket for it$/, {
    sshd: 'GSSAPIAuthentication yes\nAuthenticationMethods gssapi-with-mic',
  }),
  fails('BatchMode of his own', /.+/, { below: 'IdentityFile DIR/pass\nIdentityAgent none\nBatchMode yes' }),
  fails('an sshd that denies the user', /lets no key of yours in/, { sshd: 'DenyUsers *' }),
  ok('an sshd without a terminal', /gives it no terminal/, { sshd: 'PermitTTY no', isTerminal: false }),
  asks('an sshd with a command that fails', /ends the session with 3/, { sshd: 'ForceCommand exit 3' }),
  ok('an sshd with a command that goes well', /^ssh logs in/, { sshd: 'ForceCommand true' }),
  ok('a start file there that prints, and is slow', /^ssh logs in/, {
    sshd: startFileThere,
    files: { start: 'echo welcome; [ -t 1 ] && sleep 9' },
  }),
  fails(
    'a start file there that goes over to tmux',
    /the session does not end: a start file .* takes the terminal/,
    {
      sshd: startFileThere,
      needs: 'tmux',
      files: {
        start: `[ -t 1 ] && TMUX_TMPDIR=~ TERM=xterm exec tmux -f ~/tmux.conf new`,
        'tmux.conf': 'set -g destroy-unattached on\n',
      },
    },
  ),
  fails('an sshd that takes no session', /the session fails/, { sshd: 'MaxSessions 0' }),
  fails('an sshd that takes one key', /Too many authentication failures/, {
    below: 'IdentityFile DIR/other\nIdentityFile DIR/id\nIdentityAgent none',
    sshd: 'MaxAuthTries 1',
  }),
  fails('an sshd with a text before the login that lies', /lets no key of yours in|session/, {
    sshd: 'Banner DIR/banner',
    below: only('other'),
  }),
  fails('a machine that is off', /no socket|does not answer|refused|nothing/i, {
    isOff: true,
    isFirst: true,
  }),

  ...startFiles('bash', { '.bashrc': 'echo welcome' }, 'failed', true),
  fails(
    'bash that prints, begun by a shell',
    /^ssh logs in from a terminal, and not from a program that no shell started: ~\/\.bashrc prints "welcome"/,
    { shell: 'bash', files: { '.bashrc': 'echo welcome' }, env: { SHLVL: '1' } },
  ),
  ...startFiles('bash', { '.bashrc': '[[ $- == *i* ]] || return\necho welcome' }, 'ok'),
  ...startFiles('bash', { '.bashrc': 'export GUARDED=1' }, 'ok'),
  ...startFiles('bash', { '.bashrc': 'exit 1' }, 'failed'),
  ...startFiles('fish', { '.config/fish/config.fish': 'echo welcome' }, 'failed'),
  ...startFiles('fish', { '.config/fish/config.fish': 'if status is-interactive\n echo welcome\nend' }, 'ok'),
  ...startFiles('tcsh', { '.tcshrc': 'echo welcome' }, 'failed'),
  ...startFiles('tcsh', { '.tcshrc': 'if (! $?prompt) exit\necho welcome' }, 'ok'),
  ...startFiles('zsh', { '.zshenv': 'echo welcome' }, 'failed'),
  ...startFiles('zsh', { '.zshrc': 'echo welcome' }, 'ok'),
];

/** A shell of this host with a start file. What stands in front of the socket breaks the login. */
function startFiles(
  shell: NonNullable<World['shell']>,
  files: Readonly<Record<string, string>>,
  state: 'ok' | 'failed',
  isFirst?: true,
): readonly World[] {
  const [[name, text] = []] = Object.entries(files);
  const failed = new RegExp(`~/${name} (prints|does not run)`);
  const says = state === 'ok' ? /^ssh logs in/ : failed;
  return [row(state)(`${shell} with ${name}: ${text}`, says, { shell, files, ...(isFirst && { isFirst }) })];
}
