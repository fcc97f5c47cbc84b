/** What is mutated, and the tests that have to notice. Only unit tests: a mutant is tried in a second or two. */
export const areas = {
  address: { mutate: ['src/address/*.ts'], tests: ['test/address', 'test/kinds', 'test/property'] },
  targets: {
    mutate: ['src/target/*.ts', 'src/kinds/*.ts', 'src/resolve/socket*.ts'],
    tests: ['test/target', 'test/kinds', 'test/resolve', 'test/property'],
  },
  connect: { mutate: ['src/connect/**/*.ts'], tests: ['test/connect', 'test/property'] },
  'host-keys': {
    mutate: ['src/host-keys/*.ts', 'src/ssh/identity.ts'],
    tests: ['test/host-keys', 'test/ssh', 'test/property'],
  },
  'ssh-config': {
    mutate: ['src/ssh/config/*.ts'],
    tests: ['test/ssh', 'test/commands/config', 'test/property'],
  },
};
