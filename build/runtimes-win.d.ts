export function installWindowsRuntimes(): {
  readonly bun: string;
  readonly node: string;
  readonly node22: string;
};
