/** A script after which ssh takes the first key of a machine for all users, without a question, as docs/host-keys.md has it: a test has no terminal. */
export const takesFirstKeys =
  'echo StrictHostKeyChecking accept-new >/etc/ssh/ssh_config.d/50-first-keys.conf';
