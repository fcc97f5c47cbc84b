import { userInfo } from 'node:os';

/** Gives all tests of a run the same surroundings, whoever runs them, and wherever. PATH is that of path.ts, HOME that of home.ts. */
export default function setup(): void {
  // Modes of files are looked at.
  process.umask(0o022);
  for (const name of Object.keys(process.env)) if (!kept.test(name)) delete process.env[name];
  Object.assign(process.env, own);
}

/**
 * All others are left out: those of the user's ssh, agent, terminal, desktop, language and machines, and of vmssh itself. Also TMPDIR, since
 * the path of a socket has to be short.
 */
const kept = new RegExp(
  `^(${[
    ...['PATH', 'HOME', 'CI', 'XDG_(CACHE_HOME|RUNTIME_DIR)'],
    // What builds, and how a registry is reached.
    ...['CXX', 'NODE_.*', '(npm|NPM)_.*', '\\w+_(proxy|PROXY)', 'SSL_CERT_.*'],
    // What other runs say to the tests.
    ...['VITEST.*', 'LD_PRELOAD', '\\w+SAN_OPTIONS', 'NATIVE_UNDER_TEST'],
    'VMSSH_(TEST_.*|NO_SKIP|FAILED|FAULTS|WRITE_.*|MUTATION_.*|ALL_MUTANTS|GUEST)',
  ].join('|')})$`,
);

const { username } = userInfo();
const own = {
  // A service or a container may have none.
  USER: username,
  LOGNAME: username,
  // ssh starts its ProxyCommand by it, and it may be fish.
  SHELL: '/bin/sh',
  // Programs say why they fail in the user's language, and sort by it.
  LANG: 'C.UTF-8',
  // Dates that are printed.
  TZ: 'UTC',
  // /etc/gitconfig
  GIT_CONFIG_NOSYSTEM: '1',
};
