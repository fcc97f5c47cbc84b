import { isIP } from 'node:net';
import { join } from 'node:path';
import { quote } from '../base/errors.js';
import { AnyCid, isSshPort, parseCid, parseUnsigned32 } from '../typed/numbers.js';
import { type Shell, shellQuoted } from '../typed/shell.js';

/** The keys for a guest that is started with them. */
export interface GivenKeys {
  /** The private host key, ed25519, as ssh-keygen writes it. */
  readonly hostKey: string;
  /** "ssh-ed25519 AAAA…", with or without a comment. */
  readonly hostPublicKey: string;
  /** Lines for authorized_keys. */
  readonly logins: readonly string[];
}

/** A system credential: systemd.system-credentials(7). */
type Credential = Readonly<Record<'id' | 'text', string>>;

/** systemd-tmpfiles of 252 and later writes the host key before sshd starts, and root's keys if there are none; 256 gives the last to all accounts. */
export function credentialsOf({ hostKey, hostPublicKey, logins }: GivenKeys): readonly Credential[] {
  const keys = logins.map((line) => `${line}\n`).join('');
  return [
    { id: 'tmpfiles.extra', text: file(path, 600, hostKey) + file(`${path}.pub`, 644, `${hostPublicKey}\n`) },
    { id: 'ssh.authorized_keys.root', text: keys },
    { id: 'ssh.ephemeral-authorized_keys-all', text: keys },
  ];
}

/** sshd's default, and the one that each distribution uses. */
const path = '/etc/ssh/ssh_host_ed25519_key';

/** A line of tmpfiles.d(5) that writes the file again, with its content in base64. */
function file(path: string, mode: number, text: string): string {
  return `f+~ ${path} 0${mode} root root - ${base64(text)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** SMBIOS strings of type 11 are how QEMU gives a credential. */
function smbiosString({ id, text }: Credential): string {
  return `io.systemd.credential.binary:${id}=${base64(text)}`;
}

/** The files of all credentials, as systemd-nspawn and systemd-vmspawn read them, and as QEMU does. */
export function credentialFiles(keys: GivenKeys) {
  return credentialsOf(keys).flatMap((each: Credential) => [
    { name: `credential-${each.id}`, text: each.text },
    { name: `smbios-${each.id}`, text: smbiosString(each) },
  ]);
}

export const hypervisors = ['qemu', 'libvirt', 'nspawn', 'vmspawn', 'kernel', 'cloud-init'] as const;
export type Hypervisor = (typeof hypervisors)[number];

export interface CredentialText {
  /** Arguments for its command line; undefined: only a text. */
  readonly words?: readonly string[];
  /** For a shell, or for a file. */
  readonly text: string;
  /** Whether the private host key is in it. */
  readonly isSecret: boolean;
  /** What to know of it, one sentence each. */
  readonly notes: readonly string[];
}

export interface FormOptions {
  readonly shell?: Shell;
  /** Where sshd is to listen besides, each as `parseListen` makes it. */
  readonly listen?: readonly string[];
}

/** The keys in the hypervisor's own form. `folder`: where their files are. Throws a RangeError. */
export function formFor(
  hypervisor: Hypervisor,
  keys: GivenKeys,
  folder: string,
  { shell = 'posix', listen = [] }: FormOptions = {},
): CredentialText {
  const { notes, isSecret, ...made } = forms[hypervisor]({ keys, folder, listen });
  const all = [...notes, ...(listen.length === 0 ? [] : listenNotes(listen))];
  if ('text' in made) return { ...made, isSecret, notes: all };
  const text = made.words.map((word) => shellQuoted(word, shell)).join(' ');
  return { ...made, text: `${text}\n`, isSecret, notes: all };
}

interface ToGive {
  readonly keys: GivenKeys;
  readonly folder: string;
  readonly listen: readonly string[];
}

type Form = Pick<CredentialText, 'isSecret' | 'notes'> &
  ({ readonly words: readonly string[] } | { readonly text: string });

const forms: Readonly<Record<Hypervisor, (given: ToGive) => Form>> = {
  qemu({ keys, folder, listen }) {
    const path = (id: string) => join(folder, `smbios-${id}`).replaceAll(',', ',,');
    const values = [
      ...credentialsOf(keys).map(({ id }) => `path=${path(id)}`),
      ...listening(listen).map((each) => `value=${smbiosString(each)}`),
    ];
    return {
      words: values.flatMap((value) => ['-smbios', `type=11,${value}`]),
      isSecret: false,
      notes: [
        `${systemd(252)}; QEMU must be able to read the files, which only you can, so that no private key is in its command line`,
      ],
    };
  },
  nspawn: (given) => ({ words: loaded(given), isSecret: false, notes: [systemd(252)] }),
  vmspawn: (given) => ({
    words: loaded(given),
    isSecret: false,
    notes: [`${systemd(252)}; systemd-vmspawn came with 255`],
  }),
  kernel({ keys, listen }) {
    const words = [
      ...credentialsOf(keys).map(({ id, text }) => `systemd.set_credential_binary=${id}:${base64(text)}`),
      ...listen.map((each) => `systemd.ssh_listen=${each}`),
    ];
    const { length } = words.join(' ');
    if (length > maxOfKernel)
      throw new RangeError(
        `this takes ${length} bytes of a kernel command line, which ends at 2048: --key with an ed25519 key, or another --for`,
      );
    return {
      words,
      isSecret: true,
      notes: [
        `${systemd(254)}: for cloud-hypervisor, Firecracker and others that give a guest no SMBIOS strings`,
        'every user in the guest can read its kernel command line, and so the private host key: use another form if there is one',
      ],
    };
  },
  libvirt({ keys, listen }) {
    const entries = [...credentialsOf(keys), ...listening(listen)]
      .map((each) => `    <entry>${smbiosString(each)}</entry>\n`)
      .join('');
    return {
      text: `<sysinfo type='smbios'>\n  <oemStrings>\n${entries}  </oemStrings>\n</sysinfo>\n`,
      isSecret: true,
      notes: [
        `${systemd(252)}; it goes into <domain>, and <smbios mode='sysinfo'/> into its <os>`,
        "libvirt puts them on QEMU's command line: every user of this host can read them there, with the private host key",
      ],
    };
  },
  'cloud-init': ({ keys }) => ({
    text: cloudConfig(keys),
    isSecret: true,
    notes: ["for any system with cloud-init; the login keys are for the image's own user, not root"],
  }),
};

/** The options of systemd-nspawn and systemd-vmspawn. */
function loaded({ keys, folder, listen }: ToGive): readonly string[] {
  return [
    ...credentialsOf(keys).map(({ id }) => `--load-credential=${id}:${join(folder, `credential-${id}`)}`),
    // --set-credential reads C's escapes.
    ...listening(listen).map(({ id, text }) => `--set-credential=${id}:${text.replaceAll('\n', '\\n')}`),
  ];
}

/** What has systemd-ssh-generator of 256 and later, and ours, bind sshd to these addresses too. They are no secret, and need no file. */
function listening(listen: readonly string[]): readonly Credential[] {
  return listen.length === 0 ? [] : [{ id: 'ssh.listen', text: listen.map((each) => `${each}\n`).join('') }];
}

/** COMMAND_LINE_SIZE of x86 and arm64 is 2048, and other arguments need some. */
const maxOfKernel = 1920;

function listenNotes(listen: readonly string[]): readonly string[] {
  const clashes = listen.filter((each) => isSshPort(vsockPortOf(each)));
  const clash =
    'if systemd makes sshd-vsock.socket in the guest too, one of the two units fails; both reach the same sshd';
  return [
    `${systemd(256)} to listen on ${listen.join(', ')}, or before that the generator of vmssh guest install --generator`,
    ...clashes.map((each) => `${each}: ${clash}`),
  ];
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

/** An address as ListenStream= of systemd.socket(5) takes it from 240 on. Throws a RangeError with the forms. */
export function parseListen(text: string): string {
  const address = /^[/@][\w@%+=:,./-]+$/.test(text) ? text : (vsock(text) ?? tcp(text));
  if (address !== undefined) return address;
  throw new RangeError(
    `--listen takes vsock::PORT, vsock:CID:PORT, /PATH, @NAME, PORT, IPV4:PORT or [IPV6]:PORT, not ${quote(text)}`,
  );
}

function vsockPortOf(address: string): number | undefined {
  const port = /^vsock:\d*:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}

// "vsock-stream:", hexadecimal numbers and names came with later versions; the URL form is in none, but in others' texts.
function vsock(text: string): string | undefined {
  const [, given = '', last = ''] = /^vsock(?:-stream:|:\/\/|:)([^:]*):([^:]+)$/.exec(text) ?? [];
  const [cid, port] = [listenersCid(given), parseUnsigned32(last)];
  if (cid === undefined || port === undefined || port > 0xfffffffe) return undefined;
  return `vsock:${cid}:${port}`;
}

/** In decimal, or empty: any. */
function listenersCid(text: string): string | undefined {
  if (text === '') return '';
  try {
    return String(parseCid(text));
  } catch (error) {
    return error instanceof AnyCid ? '' : undefined;
  }
}

function tcp(text: string): string | undefined {
  const [, bracketed, ip = bracketed ?? '0.0.0.0', port] =
    /^(?:\[([^\]]+)\]:|([^:]+):)?(\d{1,5})$/.exec(text) ?? [];
  const isFamily = isIP(ip) === (bracketed === undefined ? 4 : 6);
  return isFamily && Number(port) >= 1 && Number(port) <= 65_535 ? text : undefined;
}

/** A double-quoted YAML string: a JSON string, with what JSON leaves unescaped. */
export function yamlString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
