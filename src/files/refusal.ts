/** Why a file is not read or changed: `message` is one clause without its path. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';

  constructor(
    readonly code: 'OTHERS_LINK' | 'LOCKED' | 'NOT_NEW',
    message: string,
    readonly hint?: string | undefined,
  ) {
    super(message);
  }
}
