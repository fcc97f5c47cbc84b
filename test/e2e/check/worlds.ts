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
const noFile = 'IdentityFile DIR/nothing';
// Whatever the shell of the account is that runs the tests.
const startFileThere =
  'ForceCommand HOME=DIR/home BASH_ENV=DIR/home/start exec bash -c "$SSH_ORIGINAL_COMMAND"';

const expired = {
  sshd: 'TrustedUserCAKeys DIR/other.pub\nAuthorizedKeysFile none\n',
  state: 'failed',
  says: /^your certificate \S* has expired \(\d{4}-\d\d-\d\d \d\d:\d\d UTC\), and sshd lets no key/,
} as const;

export const worlds: readonly World[] = [
  {
    name: 'a key that the machine knows',
    state: 'ok',
    says: /^ssh logs in as \S+ with \S*\/id \(\d+\.\d s, by export\)$/,
    isFirst: true,
  },
  {
    name: 'a first contact under accept-new',
    above: 'Host *\nStrictHostKeyChecking accept-new\n',
    isNew: true,
    state: 'ok',
    says: /; its host key was new, and ssh keeps it: SHA256:/,
  },
  {
    name: 'a machine that is new at each boot',
    above: 'Host *\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n',
    state: 'ok',
    says: /^ssh logs in as [^;]*$/,
  },
  {
    ...expired,
    name: 'a certificate whose time is over',
    below: 'IdentityFile DIR/signed\nIdentityAgent none',
  },
  { ...expired, name: 'the same of an agent', below: noFile, agent: 'has the certificate' },
  {
    name: 'a machine that hangs behind its multiplexer',
    typed: 'vsock-muxDIR/agent',
    agent: 'hangs',
    state: 'failed',
    says: /^the machine takes no connection: it hangs, or boots$/,
  },
  { name: 'by its user', typed: 'USER@ADDRESS', state: 'ok', says: /^ssh logs in as / },
  {
    name: 'a user that is not there',
    typed: 'nobody-is-it@ADDRESS',
    state: 'failed',
    says: /lets no key of yours in as nobody-is-it/,
  },
  {
    name: 'a key that it does not know',
    below: 'IdentityFile DIR/other\nIdentityAgent none',
    state: 'failed',
    says: /lets no key of yours in.*ssh offers .*other ED25519 SHA256:/,
    isFirst: true,
  },
  {
    name: 'no key at all',
    below: `${noFile}\nIdentityAgent none`,
    state: 'failed',
    says: /lets no key of yours in.*ssh has none to offer/,
  },
  {
    name: 'an IdentityFile that is not there, above a key that ssh would find',
    below: `${noFile}\nIdentityAgent none`,
    files: { '.ssh/id_ed25519': '' },
    state: 'failed',
    says: /IdentityFile \(\S+ line \d+\) is \S+nothing, which is not there, and takes the place of \S+id_ed25519$/,
  },
  {
    name: 'a key with a passphrase and no agent',
    below: 'IdentityFile DIR/pass\nIdentityAgent none',
    state: 'skipped',
    says: /^ssh would ask for the passphrase of \S*\/pass\b/,
    isFirst: true,
  },
  {
    name: 'a key with a passphrase that only its public file shows',
    below: 'IdentityFile DIR/passbare\nIdentityAgent none',
    state: 'skipped',
    says: /^ssh would ask for the passphrase of \S*\/passbare\b/,
  },
  {
    name: 'a private key that others may read',
    below: 'IdentityFile DIR/open\nIdentityAgent none',
    state: 'failed',
    says: /sshd takes \S*open, but ssh cannot use it: Load key .*bad permissions/,
  },
  {
    name: 'a public key whose private one is gone',
    below: 'IdentityFile DIR/half\nIdentityAgent none',
    state: 'failed',
    says: /sshd takes \S*half, but ssh cannot use it: no such identity/,
  },
  {
    name: 'an IdentityFile with tokens',
    below: `IdentityFile ${variable('KEYS')}/%u-key\nIdentityAgent none`,
    env: { KEYS: 'DIR' },
    state: 'ok',
    says: /with \S*-key \(/,
  },

  {
    name: 'an agent with the key',
    below: noFile,
    agent: 'has the key',
    state: 'ok',
    says: /^ssh logs in as \S+ with /,
  },
  {
    name: 'an agent with the key of a passphrase',
    below: 'IdentityFile DIR/pass',
    agent: 'has the key',
    state: 'ok',
    says: /^ssh logs in as /,
  },
  {
    name: 'an agent that never answers',
    below: noFile,
    agent: 'hangs',
    state: 'failed',
    says: /^the ssh-agent at \S+ does not answer, and ssh waits for it/,
    isFirst: true,
  },
  {
    name: 'an agent that never answers, beside a key in a file',
    below: 'IdentityFile DIR/id',
    agent: 'hangs',
    state: 'failed',
    says: /^the ssh-agent at \S+ does not answer/,
  },
  {
    name: 'an agent that never answers, and is not asked',
    agent: 'hangs',
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'an agent without keys',
    below: noFile,
    agent: 'is empty',
    state: 'failed',
    says: /^the ssh-agent at \S+ has no keys: it may be locked/,
    isFirst: true,
  },
  {
    name: 'an agent that is gone',
    below: noFile,
    agent: 'is gone',
    state: 'failed',
    says: /^the ssh-agent at \S+ is gone \(ENOENT\)/,
  },
  {
    name: 'an agent that does not sign',
    below: noFile,
    agent: 'signs nothing',
    state: 'failed',
    says: /sshd takes in the agent, but ssh cannot use it: .*agent refused operation/,
    isFirst: true,
  },
  {
    name: 'an agent that does not list',
    below: noFile,
    agent: 'refuses',
    state: 'failed',
    says: /^the ssh-agent at \S+ cannot be asked: it refuses to list its keys/,
  },
  {
    name: 'an agent whose answer breaks off',
    below: noFile,
    agent: 'breaks',
    state: 'failed',
    says: /the ssh-agent at \S+ cannot be asked: its answer is broken/,
  },
  {
    name: 'an agent that does not sign, beside a file that does',
    below: 'IdentityFile DIR/id',
    agent: 'signs nothing',
    state: 'failed',
    says: /cannot use it: .*agent refused operation/,
  },
  {
    name: 'an agent without keys, beside a file',
    below: 'IdentityFile DIR/id',
    agent: 'is empty',
    state: 'ok',
    says: /with \S*\/id \(/,
  },
  {
    name: 'an agent of IdentityAgent',
    below: `${noFile}\nIdentityAgent DIR/agent-named`,
    agent: 'is gone',
    state: 'failed',
    says: /at \S+agent-named is gone/,
  },

  {
    name: 'PubkeyAuthentication no',
    below: `PubkeyAuthentication no\n${known}`,
    state: 'failed',
    says: /^ssh offers no key: PubkeyAuthentication no is this host's own setting \(\S+ line \d+\)/,
    isFirst: true,
  },
  {
    name: 'PreferredAuthentications password',
    below: `PreferredAuthentications password\n${known}`,
    state: 'failed',
    says: /PreferredAuthentications password is this host's own setting \(/,
  },
  {
    name: 'PubkeyAuthentication no for another host',
    above: 'Host elsewhere\nPubkeyAuthentication no\n',
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'a configuration that ssh does not read',
    above: 'NoSuchKeyword yes\n',
    state: 'failed',
    says: /Bad configuration option/,
  },
  {
    name: 'a user of the configuration that is not there',
    above: 'Host unix/*\nUser nobody-is-it\n',
    state: 'failed',
    says: /no key of yours in as nobody-is-it/,
  },
  {
    name: 'a command of its own',
    below: `RemoteCommand /bin/false\n${known}`,
    state: 'ok',
    says: /^ssh logs in/,
  },
  { name: 'no session of its own', below: `SessionType none\n${known}`, state: 'ok', says: /^ssh logs in/ },
  {
    name: 'a login that goes into the background',
    below: `ForkAfterAuthentication yes\n${known}`,
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'LogLevel QUIET',
    below: `LogLevel QUIET\n${known}`,
    state: 'ok',
    says: /^ssh logs in as \S+ with/,
  },
  {
    name: 'FingerprintHash md5',
    below: `FingerprintHash md5\n${known}`,
    state: 'ok',
    says: /^ssh logs in as \S+ with/,
  },
  {
    name: 'RequestTTY force',
    below: `RequestTTY force\n${known}`,
    state: 'ok',
    says: /^ssh logs in/,
    alsoSays: /^RequestTTY force .*: sftp waits without an end, rsync and git fail/,
  },
  {
    name: 'an agent and a screen that are forwarded',
    below: `ForwardAgent yes\nForwardX11 yes\n${known}`,
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'a Ciphers line that sshd does not have',
    below: `Ciphers aes128-cbc\n${known}`,
    sshd: 'Ciphers aes256-gcm@openssh.com',
    state: 'failed',
    says: /no matching cipher found\. .*: Ciphers in \S+ line \d+ has none of these$/,
  },
  {
    name: 'an sshd with old algorithms alone',
    sshd: 'KexAlgorithms diffie-hellman-group1-sha1',
    state: 'failed',
    says: /no matching key exchange method found\. .*: sshd there is older than what this ssh takes by itself$/,
  },
  {
    name: 'a name without a Host',
    typed: 'no-such-machine-85',
    state: 'failed',
    // Others are found while other tests run.
    says: /^no machine (was found|is called no-such-machine-85)/,
  },
  {
    name: 'an Include that is gone',
    isLost: true,
    state: 'skipped',
    says: /^by vmssh ssh, ssh would ask about its host key, .*; plain ssh has no Host unix\S+, and asks the network for it/,
  },
  {
    name: 'a Host of his own, where vmssh knows no machine',
    above: ownHost,
    typed: 'own-85',
    state: 'ok',
    says: /^ssh logs in as .* s\)/,
  },
  {
    name: 'addresses with a domain of his own',
    below: `HostName %h.corp.example.com\n${known}`,
    state: 'ok',
    says: /^ssh logs in as /,
  },
  {
    name: 'a ProxyCommand of his own that ends',
    above: 'Host unix/*\nProxyUseFdpass no\nProxyCommand false\n',
    state: 'failed',
    says: /^ssh has a connection, which|ends|no SSH server/,
  },

  {
    name: 'a password that sshd takes',
    below: 'IdentityFile DIR/other\nIdentityAgent none',
    sshd: 'PasswordAuthentication yes',
    state: 'skipped',
    says: /^sshd lets no key of yours in as \S+, but would ask for a password: /,
    isFirst: true,
  },
  {
    name: 'a password that ssh does not give',
    below: 'IdentityFile DIR/other\nIdentityAgent none\nPasswordAuthentication no',
    sshd: 'PasswordAuthentication yes',
    state: 'failed',
    says: /lets no key of yours in/,
  },
  {
    name: 'a second factor',
    sshd: 'PasswordAuthentication yes\nAuthenticationMethods publickey,password',
    state: 'skipped',
    says: /^ssh would ask for a second factor \(password\)/,
  },
  {
    name: 'a second factor by a dialog',
    sshd: 'KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive',
    state: 'skipped',
    says: /^ssh would ask for a second factor \(keyboard-interactive\)/,
  },
  {
    name: 'Kerberos alone, without a ticket',
    sshd: 'GSSAPIAuthentication yes\nAuthenticationMethods gssapi-with-mic',
    state: 'failed',
    says: /^sshd takes Kerberos alone, and ssh has no ticket for it$/,
  },
  {
    name: 'BatchMode of his own',
    below: 'IdentityFile DIR/pass\nIdentityAgent none\nBatchMode yes',
    state: 'failed',
    says: /.+/,
  },
  {
    name: 'an sshd that denies the user',
    sshd: 'DenyUsers *',
    state: 'failed',
    says: /lets no key of yours in/,
  },
  {
    name: 'an sshd without a terminal',
    sshd: 'PermitTTY no',
    isTerminal: false,
    state: 'ok',
    says: /gives it no terminal/,
  },
  {
    name: 'an sshd with a command that fails',
    sshd: 'ForceCommand exit 3',
    state: 'skipped',
    says: /ends the session with 3/,
  },
  {
    name: 'an sshd with a command that goes well',
    sshd: 'ForceCommand true',
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'a start file there that prints, and is slow',
    sshd: startFileThere,
    files: { start: 'echo welcome; [ -t 1 ] && sleep 9' },
    state: 'ok',
    says: /^ssh logs in/,
  },
  {
    name: 'a start file there that goes over to tmux',
    sshd: startFileThere,
    needs: 'tmux',
    files: {
      start: `[ -t 1 ] && TMUX_TMPDIR=~ TERM=xterm exec tmux -f ~/tmux.conf new`,
      'tmux.conf': 'set -g destroy-unattached on\n',
    },
    state: 'failed',
    says: /the session does not end: a start file .* takes the terminal/,
  },
  {
    name: 'an sshd that takes no session',
    sshd: 'MaxSessions 0',
    state: 'failed',
    says: /the session fails/,
  },
  {
    name: 'an sshd that takes one key',
    below: 'IdentityFile DIR/other\nIdentityFile DIR/id\nIdentityAgent none',
    sshd: 'MaxAuthTries 1',
    state: 'failed',
    says: /Too many authentication failures/,
  },
  {
    name: 'an sshd with a text before the login that lies',
    sshd: 'Banner DIR/banner',
    below: 'IdentityFile DIR/other\nIdentityAgent none',
    state: 'failed',
    says: /lets no key of yours in|session/,
  },
  {
    name: 'a machine that is off',
    isOff: true,
    state: 'failed',
    says: /no socket|does not answer|refused|nothing/i,
    isFirst: true,
  },

  ...startFiles('bash', { '.bashrc': 'echo welcome' }, 'failed', true),
  {
    name: 'bash that prints, begun by a shell',
    shell: 'bash',
    files: { '.bashrc': 'echo welcome' },
    env: { SHLVL: '1' },
    state: 'failed',
    says: /^ssh logs in from a terminal, and not from a program that no shell started: ~\/\.bashrc prints "welcome"/,
  },
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
  return [{ name: `${shell} with ${name}: ${text}`, shell, files, state, says, ...(isFirst && { isFirst }) }];
}
