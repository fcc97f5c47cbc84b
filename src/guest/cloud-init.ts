import { type ScriptOptions, setupScript } from './script.js';

/** Where cloud-init puts the script: in memory, since it runs once. */
const scriptPath = '/run/vmssh-guest-setup.sh';

/** cloud-init user-data that sets a guest up at its first boot: sshd, the script, the keys of the default user if no account is named. */
export function userData(options: ScriptOptions): string {
  const keys = options.account === undefined ? (options.keys ?? []) : [];
  return `#cloud-config
# written by vmssh guest print
packages:
  - openssh-server
${keys.length === 0 ? '' : `ssh_authorized_keys:\n${keys.map((key) => `  - ${yamlString(key)}\n`).join('')}`}write_files:
  - path: ${scriptPath}
    permissions: '0700'
    content: |
${indented(setupScript(options), 6)}runcmd:
  - [sh, ${scriptPath}]
`;
}

/** A double-quoted YAML string: a JSON string, with what JSON leaves unescaped. */
export function yamlString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function indented(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(columns));
}
