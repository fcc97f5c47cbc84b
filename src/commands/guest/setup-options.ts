import { flag, parsed, type Read } from '../../cli/command.js';
import { accountName, readKeys } from '../../cli/guest.js';

/** What `vmssh setup` is to set up. */
export const toSetUp = {
  user: parsed(
    {
      long: 'user',
      short: 'l',
      value: 'NAME',
      summary: 'the account (default: the one that its manager made, else the first ordinary one, else root)',
    },
    accountName,
  ),
  key: parsed(
    {
      long: 'key',
      value: 'FILE',
      summary: 'your public key (default: the first of those that ssh would try)',
    },
    (file) => {
      readKeys(file);
      return file;
    },
  ),
  noConfig: flag({
    long: 'no-config',
    summary: "print the lines for ssh's configuration in place of writing them",
  }),
  install: flag({
    long: 'install-sshd',
    summary: "install an sshd by the machine's own package manager, over its own network, if it has none",
  }),
  bring: flag({
    long: 'bring-sshd',
    summary:
      'if a container has no sshd, ssh NAME brings one for each login; no key is needed (package vmssh-sshd)',
  }),
  takeName: flag({
    long: 'take-name',
    summary: 'the name means this machine from now on, though it is in known_hosts or in a Host of yours',
  }),
  restart: flag({
    long: 'restart',
    summary: 'shut the machine down and start it, if its vsock device comes only so',
  }),
  unproved: flag({
    long: 'unproved',
    summary: 'go on if a guest agent cannot say which machine it is in',
  }),
};

export type SetupOptions = Read<typeof toSetUp>;
