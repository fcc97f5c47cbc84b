/** What the commands of one first word are for. */
export const groupSummaries: Readonly<Record<string, string>> = {
  config: "the lines for ssh's own configuration",
  guest: 'what goes into a guest: sshd on vsock, set up, checked and undone (docs/guest.md)',
  service: 'the Hyper-V socket services of this Windows (docs/windows.md)',
};
