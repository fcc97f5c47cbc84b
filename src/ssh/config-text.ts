import { shellWord } from './config-word.js';

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
    ...program.map(shellWord),
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
