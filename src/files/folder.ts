/** A folder for reading or changing a file in it. Must be closed. */
export interface Folder {
  /** The path for opening, renaming or removing a name in it. */
  at(name: string): string;
  /** The owner for new files in it; undefined: they stay with their creator. */
  readonly owner?: Owner | undefined;
  /** Gives a new file the access list of the one that it replaces, where renaming would lose it: on Windows. */
  copyAccess?(from: string, to: string): void;
  /** Syncs its entries to disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A name in a folder, with all links resolved; the file may not exist yet. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
}
