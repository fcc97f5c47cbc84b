/** Summaries of the command groups. */
export const groupSummaries: Readonly<Record<string, string>> = {
  config: 'let plain ssh use machine names: install, diff, uninstall',
  guest: 'set up, check and undo sshd on vsock in a guest (docs/guest.md)',
  via: 'put vmssh on other hypervisors, and remove it there (docs/many-hosts.md)',
  service: 'manage the Hyper-V socket services of Windows (docs/windows.md)',
};
