import { type Envelope, envelope, formatJson } from '../../cli/json.js';
import { exitCode } from '../../errors.js';

/** An editor, and where it is. */
export interface EditorJson {
  /** For --in. */
  readonly name: string;
  readonly title: string;
  readonly installed: boolean;
  /** The path of its program. */
  readonly program?: string | undefined;
}

/** The output of `vmssh open --list --json`. */
export interface OpenJson extends Envelope<'open'> {
  readonly editors: readonly EditorJson[];
}

export function formatEditors(editors: readonly EditorJson[], json: boolean): string {
  if (json) {
    const answer: OpenJson = { ...envelope('open', exitCode.ok), editors };
    return formatJson(answer);
  }
  const names = Math.max(...editors.map(({ name }) => name.length));
  const titles = Math.max(...editors.map(({ title }) => title.length));
  const rows = editors.map(({ name, title, program = 'not installed' }) =>
    [name.padEnd(names), title.padEnd(titles), program].join('  '),
  );
  return rows.map((row) => `${row}\n`).join('');
}
