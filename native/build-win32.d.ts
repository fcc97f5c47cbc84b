export function buildWindowsAddon(options?: {
  readonly force?: boolean;
  readonly output?: string;
  readonly sources?: Readonly<Record<string, string>>;
}): Promise<
  | { readonly built: true; readonly path: string; readonly upToDate: boolean }
  | { readonly built: false; readonly reason: string }
>;
