import { constants } from 'node:os';

/** What was found, for people, and for a public bug report: there are fixed texts, counts, `allowed` values, nothing else about this host. */
export interface FindingTexts {
  readonly found: string;
  readonly report: string;
}

/** One line of the doctor; "none": it does not matter here. */
export interface HostCheck extends FindingTexts {
  readonly name: string;
  readonly state: 'ok' | 'bad' | 'none';
  readonly fix?: string;
  /** People see all checks that say the same as one line, under this name. */
  readonly fold?: string;
}

/** A string is a fixed text. */
export function finding(
  name: string,
  state: HostCheck['state'],
  what: string | FindingTexts,
  fix?: string,
): HostCheck {
  return { name, state, ...(typeof what === 'string' ? fixed(what) : what), fix };
}

/** A text that a report may include as it is. */
export function fixed(text: string): FindingTexts {
  return { found: text, report: text };
}

/** A text with values: a report shows only the numbers, and of the others "…". */
export function said(
  texts: TemplateStringsArray,
  ...values: readonly (string | number | FindingTexts)[]
): FindingTexts {
  const all = values.map(saidOf);
  return {
    found: String.raw({ raw: texts }, ...all.map(({ found }) => found)),
    report: String.raw({ raw: texts }, ...all.map(({ report }) => report)),
  };
}

function saidOf(value: string | number | FindingTexts): FindingTexts {
  if (typeof value === 'string') return { found: value, report: '…' };
  return typeof value === 'number' ? fixed(`${value}`) : value;
}

/** What a report may include of a value from outside: a part of a known form that many hosts share, or a fixed text. */
export const allowed = { code, kernel, os, ssh } as const;

export function withCode({ problem, code }: Readonly<Record<'problem' | 'code', string>>): FindingTexts {
  return said`${problem} (${{ found: code, report: allowed.code(code) }})`;
}

function code(text: string): string {
  return Object.hasOwn(constants.errno, text) || ownCodes.has(text) ? text : 'another error';
}

const ownCodes: ReadonlySet<string> = new Set([
  ...['FAILED', 'NO_ADDON', 'NO_HYPERV', 'NO_RIGHTS', 'PROTOCOL', 'LEFT_OUT', 'TIMEOUT', 'open'],
  ...['WSAEAFNOSUPPORT', 'WSAESOCKTNOSUPPORT', 'WSAEADDRNOTAVAIL', 'WSAENETUNREACH', 'WSAETIMEDOUT'],
  ...['WSAECONNREFUSED', 'WSAEACCES', 'WSAEINVAL', 'WSAEFAULT', 'WSAENETDOWN'],
]);

/** The numbers of a kernel's version, without what its builder appended. */
function kernel(release: string): string {
  const numbers = /^\d+(?:\.\d+){0,3}/.exec(release)?.[0] ?? 'another kernel';
  return /microsoft-standard-WSL2$/.test(release) ? `${numbers} of WSL2` : numbers;
}

/** A known distribution by the ID and VERSION_ID of its os-release(5), or the name of a Windows version. */
function os(text: string): string {
  const windows =
    /^Windows(?: Server)?(?: \d{1,4})?(?: (?:Pro|Home|Enterprise|Education|Datacenter|Standard))*/.exec(text);
  if (windows) return windows[0];
  const id = /^ID="?([a-z0-9._-]+)"?$/m.exec(text)?.[1] ?? '';
  if (!distributions.has(id)) return 'another system';
  const version = /^VERSION_ID="?(\d{1,8}(?:\.\d{1,4})*)"?$/m.exec(text)?.[1];
  return version === undefined ? id : `${id} ${version}`;
}

const distributions: ReadonlySet<string> = new Set(
  `almalinux alpine amzn arch azurelinux centos debian devuan elementary endeavouros fedora flatcar gentoo kali linuxmint
manjaro nixos ol opensuse-leap opensuse-tumbleweed pop raspbian rhel rocky sles slackware solus ubuntu void zorin`.split(
    /\s+/,
  ),
);

function ssh(version: string): string {
  const pattern =
    /^OpenSSH_(?:for_Windows_)?\d+\.\d+(?:p\d+)?(?: (?:Debian|Ubuntu)-[\d.]+(?:ubuntu[\d.]+)?(?:\+deb\d+u\d+)?)?/;
  return pattern.exec(version)?.[0] ?? 'another ssh';
}
