/** The command that installs sshd and makes its host keys. `words`: the values of ID and ID_LIKE in os-release(5). */
export function installLine(words: string): string | undefined {
  const known = words.split(/\s+/);
  return lines.find(({ ids }) => ids.some((id) => known.includes(id)))?.line;
}

const lines: readonly { readonly ids: readonly string[]; readonly line: string }[] = [
  { ids: ['debian', 'ubuntu'], line: 'apt-get update && apt-get install -y openssh-server' },
  { ids: ['fedora', 'rhel', 'centos'], line: 'dnf install -y openssh-server && ssh-keygen -A' },
  { ids: ['alpine'], line: 'apk add openssh && ssh-keygen -A' },
  { ids: ['arch'], line: 'pacman -Sy --noconfirm openssh && ssh-keygen -A' },
  {
    ids: ['suse', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sles'],
    line: 'zypper --non-interactive install openssh-server && ssh-keygen -A',
  },
];
