import { basename } from 'node:path';

/** "--name value" and "--name=value" as pairs. */
export function optionsOf(args: readonly string[]): readonly (readonly [string, string])[] {
  return args.flatMap((arg, i): [string, string][] => {
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name === '' ? [] : [[name, value ?? args[i + 1] ?? '']];
  });
}

/** "web" of "/run/web.sock": the name of a machine that was given none. */
export function nameFrom(socket: string): string {
  return basename(socket).replace(/\.sock(et)?$/, '');
}

/** "key=value,key=value". */
export function fieldsOf(text: string): Readonly<Record<string, string | undefined>> {
  const fields = text.split(',');
  return Object.fromEntries(fields.map((each) => [each.replace(/=.*$/s, ''), each.replace(/^[^=]*=?/, '')]));
}
