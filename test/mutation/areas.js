/** What is mutated, and the unit tests that have to notice, so that a change is tried in a second or two. */
export const areas = {
  address: { mutate: ['src/address/*.ts'], tests: ['test/address', 'test/kinds'] },
  targets: {
    mutate: ['src/target/*.ts', 'src/kinds/*.ts', 'src/resolve/socket*.ts'],
    tests: ['test/target', 'test/kinds'],
  },
  connect: { mutate: ['src/connect/**/*.ts'], tests: ['test/connect'] },
  'host-keys': { mutate: ['src/host-keys/*.ts'], tests: ['test/host-keys'] },
  'ssh-config': { mutate: ['src/ssh/config/*.ts'], tests: ['test/ssh/config'] },
};
