import { printable } from '../errors.js';

export interface ConfigTextOptions {
  /** How to call vmssh: an absolute path, or an interpreter and a script. */
  readonly program: readonly string[];
  /** Whether this vmssh can pass a socket to ssh: it has the addon. */
  readonly fdpass: boolean;
}

/** The host patterns of all kinds, `.host` first; ssh_config(5) knows * and ? alone. */
const patterns = [
  ['.host', 'machine/.host', 'machine%.host'],
  ['unix/*', 'unix%*', 'unix:*'],
  ['vsock/*', 'vsock%*', 'vsock:*'],
  ['vsock-mux/*', 'vsock-mux%*', 'vsock-mux:*'],
  ['machine/*', 'machine%*', 'container/*', 'container%*'],
];

/** The lines for ~/.ssh/config, as a Unix ssh reads them. Throws a RangeError where a path cannot stand in such a file. */
export function configText({ program, fdpass }: ConfigTextOptions): string {
  const proxy = [
    ...program.map(configWord),
    'proxy',
    ...(fdpass ? ['--fdpass'] : []),
    "--typed '%n' '%h' %p",
  ].join(' ');
  return `# vmssh: ssh into machines on this host without a network
Host ${patterns.flat().join(' ')}
    ProxyCommand ${proxy}
    ProxyUseFdpass ${fdpass ? 'yes' : 'no'}
    # These names are addresses: who answers changes with every machine that is started, and nobody stands in between.
    CheckHostIP no
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
`;
}

/**
 * A word of a ProxyCommand: ssh expands its percents, then a shell reads it. Before both, ssh wants quotes to be paired,
 * and takes a backslash in front of one for an escape even between single quotes; so a backslash stands outside of them.
 */
function configWord(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new RangeError(`a path with control characters cannot stand in an ssh_config: ${printable(text)}`);
  }
  const percent = text.replaceAll('%', '%%');
  return /^[\w@+=:,./%-]+$/.test(percent) ? percent : `'${percent.replaceAll(/['\\]/g, (c) => `'\\${c}'`)}'`;
}
