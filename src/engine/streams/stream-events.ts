export interface StreamEvents {
  /** A Buffer, or a string after `setEncoding`. */
  readonly data: [chunk: never];
  readonly readable: [];
  readonly end: [];
  readonly drain: [];
  readonly finish: [];
  readonly connect: [];
  readonly error: [error: NodeJS.ErrnoException];
  readonly close: [];
}
