/** The shell into which a person pastes what is printed. "powershell": Windows PowerShell 5, "pwsh": PowerShell 7. */
export type Shell = 'posix' | 'cmd' | 'powershell' | 'pwsh';

export interface ShellPlace {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The shell that probably started this program. On Windows: each PowerShell puts a folder of the user's own into PSModulePath
 * (about_PSModulePath), and MSYS2, as Git Bash, sets MSYSTEM.
 */
export function shellOf({ platform, env }: ShellPlace): Shell {
  if (platform !== 'win32' || env.MSYSTEM) return 'posix';
  const folders = (env.PSModulePath ?? env.PSMODULEPATH ?? '').toLowerCase().split(';');
  const own = folders.filter(
    (folder) => !folder.includes('\\program files') && !folder.includes('\\system32\\'),
  );
  if (own.some((folder) => /\\powershell\\modules\\?$/.test(folder))) return 'pwsh';
  return own.some((folder) => /\\windowspowershell\\modules\\?$/.test(folder)) ? 'powershell' : 'cmd';
}
