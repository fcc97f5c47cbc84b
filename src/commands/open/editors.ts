/** What an editor opens. */
export interface RemoteFolder {
  /** A Host of ssh's configuration, or a text that one of its patterns matches. */
  readonly host: string;
  readonly user?: string | undefined;
  /** An absolute folder in the machine; undefined: the editor's own start. */
  readonly path?: string | undefined;
}

/** A program that opens a folder of a machine over ssh. */
export interface Editor {
  /** For --in. */
  readonly name: string;
  readonly title: string;
  /** Its programs in PATH, the first that is there. */
  readonly programs: readonly string[];
  /**
   * On Windows: the programs, by the scripts that PATH finds there and are not started, since cmd.exe would read their arguments
   * again. Absent: it is not for Windows.
   */
  readonly windows?: { readonly scripts: readonly string[]; readonly exes: readonly string[] };
  /** Whether it takes any host that ssh takes; otherwise only one that can stand in a URL as it is. */
  readonly anyHost: boolean;
  /** Whether it needs a path. */
  readonly needsPath: boolean;
  readonly args: (folder: RemoteFolder) => readonly string[];
}

/** The editors in the order in which they are chosen; docs/clients.md has where each form is documented. */
export const editors: readonly Editor[] = [
  vscode('code', 'VS Code', 'Code.exe'),
  vscode('code-insiders', 'VS Code Insiders', 'Code - Insiders.exe'),
  vscode('codium', 'VSCodium', 'VSCodium.exe'),
  vscode('cursor', 'Cursor', 'Cursor.exe'),
  vscode('windsurf', 'Windsurf', 'Windsurf.exe'),
  {
    name: 'zed',
    title: 'Zed',
    programs: ['zed', 'zeditor'],
    windows: { scripts: ['zed.exe'], exes: ['zed.exe'] },
    anyHost: false,
    needsPath: true,
    args: (folder) => [url('ssh', folder)],
  },
  {
    name: 'nautilus',
    title: 'GNOME Files',
    programs: ['nautilus'],
    anyHost: false,
    needsPath: false,
    args: (folder) => [url('sftp', folder)],
  },
];

/** VS Code and its forks: https://code.visualstudio.com/docs/remote/troubleshooting#_connect-to-a-remote-host-from-the-terminal */
function vscode(name: string, title: string, exe: string): Editor {
  return {
    name,
    title,
    programs: [name],
    // Beside the script's folder: "Microsoft VS Code\bin\code.cmd", "cursor\resources\app\bin\cursor.cmd".
    windows: { scripts: [`${name}.cmd`], exes: [`..\\${exe}`, `..\\..\\..\\${exe}`] },
    anyHost: true,
    needsPath: false,
    args(folder) {
      const authority = `ssh-remote+${remoteAuthority(folder)}`;
      return folder.path === undefined
        ? ['--remote', authority]
        : ['--folder-uri', `vscode-remote://${authority}${encodePath(folder.path)}`];
    },
  };
}

/**
 * A plain host is itself. All else is in the form in which Remote - SSH and Open Remote - SSH keep it: JSON in hexadecimal digits,
 * since a URI's authority is lower-cased, and has no "%" and "@" of its own.
 */
function remoteAuthority({ host, user }: RemoteFolder): string {
  if (user === undefined && /^[a-z0-9._-]+$/.test(host)) return host;
  return Buffer.from(JSON.stringify({ hostName: host, user })).toString('hex');
}

function url(scheme: string, { host, user, path = '/' }: RemoteFolder): string {
  const login = user === undefined ? '' : `${encodeURIComponent(user)}@`;
  return `${scheme}://${login}${host}${encodePath(path)}`;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
