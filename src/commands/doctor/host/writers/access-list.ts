/** Rights to a file or folder, as bits: https://learn.microsoft.com/en-us/windows/win32/fileio/file-access-rights-constants */
export const rights = {
  /** Of a file: to write it. Of a folder: to put files into it. */
  write: 0x2,
  /** Of a folder: to make folders in it. */
  makeFolder: 0x4,
  /** Of a folder: to delete or rename what is in it. */
  deleteChild: 0x40,
  /** To delete or rename it. */
  delete: 0x1_0000,
  /** To change its access list, or to become its owner. */
  change: 0xc_0000,
} as const;

/** The codes of rights: https://learn.microsoft.com/en-us/windows/win32/secauthz/ace-strings */
const codes: Readonly<Record<string, number>> = {
  GA: 0x1f_01ff,
  GW: 0x12_0116,
  FA: 0x1f_01ff,
  FW: 0x12_0116,
  SD: 0x1_0000,
  WD: 0x4_0000,
  WO: 0x8_0000,
  DC: 0x2,
  LC: 0x4,
  DT: 0x40,
};

/** Whom a list must give no such rights: each is every user, or every one that logged in. By code and id, for people. */
const everybody: Readonly<Record<string, string>> = {
  WD: 'any user',
  'S-1-1-0': 'any user',
  AN: 'any user',
  'S-1-5-7': 'any user',
  BU: 'any user',
  'S-1-5-32-545': 'any user',
  AU: 'any user',
  'S-1-5-11': 'any user',
  IU: 'any user',
  'S-1-5-4': 'any user',
  BG: 'any guest',
  'S-1-5-32-546': 'any guest',
  DU: 'any user of the domain',
  DG: 'any guest of the domain',
};

/** Who of all users has one of the rights by a security descriptor's text; undefined: only users that it names one by one. */
export function broadAccess(descriptor: string, wanted: number): string | undefined {
  const [, list] = /D:(NO_ACCESS_CONTROL|[A-Z]*(?:\([^)]*\))*)/.exec(descriptor) ?? [];
  // Without a list everybody may do anything.
  if (list === undefined || list.endsWith('NO_ACCESS_CONTROL')) return 'any user';
  for (const [, entry = ''] of list.matchAll(/\(([^)]*)\)/g)) {
    const [type, flags = '', granted = '', , , sid = ''] = entry.split(';');
    const isForThis = /^[XO]?A$/.test(type ?? '') && !pairs(flags).includes('IO');
    const who = everybody[sid] ?? domainGroup(sid);
    if (isForThis && who !== undefined && (bitsOf(granted) & wanted) !== 0) return who;
  }
  return undefined;
}

function domainGroup(sid: string): string | undefined {
  return /^S-1-5-21-.*-51[345]$/.test(sid) ? 'any user of the domain' : undefined;
}

function bitsOf(granted: string): number {
  if (/^\d/.test(granted)) return Number(granted);
  return pairs(granted).reduce((all, code) => all | (codes[code] ?? 0), 0);
}

function pairs(text: string): readonly string[] {
  return text.match(/../g) ?? [];
}
