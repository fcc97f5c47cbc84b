/** A folder in which a file is read or changed. Close it. */
export interface Folder {
  /** The path by which a name in it is opened, renamed or removed. */
  at(name: string): string;
  /** Whom new files in it are given to; undefined: they stay with whoever makes them. */
  readonly owner?: Owner | undefined;
  /** Writes its entries to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A name in a folder, behind all links: the file may not be there yet. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
}
