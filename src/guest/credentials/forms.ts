import { join } from 'node:path';
import type { Shell } from '../../address/shell.js';
import { shellQuoted } from '../../address/shell-word.js';
import { yamlString } from '../cloud-init.js';
import { base64, credentialsOf, type GivenKeys, smbiosString } from './contents.js';
import { credentialFile, smbiosFile } from './files.js';

export const hypervisors = ['qemu', 'libvirt', 'nspawn', 'vmspawn', 'kernel', 'cloud-init'] as const;
export type Hypervisor = (typeof hypervisors)[number];

/** What a hypervisor is given. */
export interface Given {
  /** Arguments for its command line; undefined: only a text. */
  readonly words?: readonly string[] | undefined;
  /** For a shell, or for a file. */
  readonly text: string;
  /** Whether the private host key is in it. */
  readonly isSecret: boolean;
  /** What to know of it, one sentence each. */
  readonly notes: readonly string[];
}

/** The keys in the hypervisor's own form. `folder`: where their files are; `shell`: which reads its arguments. */
export function formFor(
  hypervisor: Hypervisor,
  keys: GivenKeys,
  folder: string,
  shell: Shell = 'posix',
): Given {
  const credentials = credentialsOf(keys);
  const ids = credentials.map(({ id }) => id);
  switch (hypervisor) {
    case 'qemu': {
      const path = (id: string) => join(folder, smbiosFile(id)).replaceAll(',', ',,');
      const words = ids.flatMap((id) => ['-smbios', `type=11,path=${path(id)}`]);
      return commandLine(words, shell, false, [
        `${systemd(252)}; QEMU must be able to read the files, which only you can, so that no private key is in its command line`,
      ]);
    }
    case 'nspawn':
    case 'vmspawn': {
      const words = ids.map((id) => `--load-credential=${id}:${join(folder, credentialFile(id))}`);
      const host = hypervisor === 'vmspawn' ? '; systemd-vmspawn came with 255' : '';
      return commandLine(words, shell, false, [`${systemd(252)}${host}`]);
    }
    case 'kernel': {
      const words = credentials.map(({ id, text }) => `systemd.set_credential_binary=${id}:${base64(text)}`);
      return commandLine(words, shell, true, [
        `${systemd(254)}: for cloud-hypervisor, Firecracker and others that give a guest no SMBIOS strings`,
        'every user in the guest can read its kernel command line, and so the private host key: use another form if there is one',
      ]);
    }
    case 'libvirt': {
      const entries = credentials.map((each) => `    <entry>${smbiosString(each)}</entry>\n`).join('');
      const text = `<sysinfo type='smbios'>\n  <oemStrings>\n${entries}  </oemStrings>\n</sysinfo>\n`;
      return {
        text,
        isSecret: true,
        notes: [
          `${systemd(252)}; it goes into <domain>, and <smbios mode='sysinfo'/> into its <os>`,
          "libvirt puts them on QEMU's command line: every user of this host can read them there, with the private host key",
        ],
      };
    }
    case 'cloud-init':
      return {
        text: cloudConfig(keys),
        isSecret: true,
        notes: ["for any system with cloud-init; the login keys are for the image's own user, not root"],
      };
  }
}

function commandLine(
  words: readonly string[],
  shell: Shell,
  isSecret: boolean,
  notes: readonly string[],
): Given {
  const text = words.map((word) => shellQuoted(word, shell)).join(' ');
  return { words, text: `${text}\n`, isSecret, notes };
}

function systemd(version: number): string {
  return `the guest needs systemd ${version} or later`;
}

function cloudConfig({ hostKey, hostPublicKey, logins }: GivenKeys): string {
  const block = hostKey.replaceAll(/^(?=.)/gm, '    ');
  return `#cloud-config
# written by vmssh guest credentials
ssh_deletekeys: false
ssh_keys:
  ed25519_private: |
${block}  ed25519_public: ${yamlString(`${hostPublicKey}\n`)}
ssh_authorized_keys:
${logins.map((key) => `  - ${yamlString(key)}\n`).join('')}`;
}
