export const tools = ['ssh', 'scp', 'sftp', 'rsync'] as const;
export type SshTool = (typeof tools)[number];

export interface ToolOption {
  /** One argument, or two if the value is the next one; several letters may share the first. */
  readonly words: readonly string[];
  /** The letter that takes a value, or the long name; undefined: letters without a value. */
  readonly name?: string;
  readonly value?: string;
}

/** A tool's arguments, split as the tool itself does, without a "--". */
export interface SplitArgs {
  readonly before: readonly ToolOption[];
  /** Options after it: ssh accepts them up to the command, rsync anywhere. */
  readonly after: readonly ToolOption[];
  /** For ssh: the machine, then the command with its arguments. */
  readonly operands: readonly string[];
}

/** The options of each tool that take a value: getopt's own list of the newest OpenSSH, and rsync's. */
const valued: Readonly<Record<SshTool, string>> = {
  ssh: 'bceilmopBDEFIJLOPQRSWw',
  scp: 'cDFiJlMoPSX',
  sftp: 'bBcDFiJloPRsSX',
  rsync: 'BefMT@',
};

/** rsync's long options whose value may be the next argument; the last line has names that its help omits. */
const valuedLong = new Set(
  `address backup-dir block-size bwlimit checksum-choice checksum-seed chmod chown compare-dest compress-choice
compress-level compress-threads config confine-root contimeout copy-as copy-dest debug early-input exclude exclude-from
files-from filter groupmap iconv include include-from info link-dest log-file log-file-format max-alloc max-delete max-size
min-size modify-window only-write-batch out-format outbuf partial-dir password-file port protocol read-batch remote-option
rsh rsync-path skip-compress sockopts stderr stop-after stop-at suffix temp-dir timeout usermap write-batch
cc dparam log-format time-limit zc zl zt`.split(/\s+/),
);

/** Splits a tool's arguments as its own getopt or popt does; `--via` and `--route` are ours. */
export function splitArgs(tool: SshTool, args: readonly string[]): SplitArgs {
  const before: ToolOption[] = [];
  const after: ToolOption[] = [];
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return { before, after, operands: [...operands, ...args.slice(i + 1)] };
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg);
      // scp and sftp accept no options after an operand, ssh none after the machine and the command's first word.
      const isOver = tool === 'ssh' ? operands.length === 2 : tool !== 'rsync';
      if (isOver) return { before, after, operands: [...operands, ...args.slice(i + 1)] };
      continue;
    }
    const option = optionAt(tool, arg, args[i + 1]);
    (operands.length === 0 ? before : after).push(option);
    i += option.words.length - 1;
  }
  return { before, after, operands };
}

export function wordsOf(options: readonly ToolOption[]): readonly string[] {
  return options.flatMap(({ words }) => words);
}

function optionAt(tool: SshTool, arg: string, next: string | undefined): ToolOption {
  const [, name, given] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  if (name !== undefined) {
    const isValued = name === 'via' || name === 'route' || (tool === 'rsync' && valuedLong.has(name));
    const takesNext = given === undefined && isValued && next !== undefined;
    return takesNext ? { words: [arg, next], name, value: next } : { words: [arg], name, value: given };
  }
  const at = [...arg].findIndex((letter, index) => index > 0 && valued[tool].includes(letter));
  if (at < 0) return { words: [arg] };
  const value = arg.slice(at + 1);
  const letter = arg[at];
  if (value !== '' || next === undefined) return { words: [arg], name: letter, value };
  return { words: [arg, next], name: letter, value: next };
}
