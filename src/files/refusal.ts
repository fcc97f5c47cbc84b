/** Why a file is not read or changed: `message` is one clause without its path. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';
  readonly code: 'OTHERS_LINK' | 'LOCKED' | 'NOT_NEW';
  readonly hint: string | undefined;

  constructor(code: FileRefusal['code'], message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
