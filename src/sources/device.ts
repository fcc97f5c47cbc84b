/** Where a machine has a vsock device, and what its manager says of it. */
export interface VsockFacts {
  readonly isActive: boolean;
  /** The machine has a definition; one without it is gone when it is off. */
  readonly isPersistent: boolean;
  /** The memory is kept on disc: the next start takes that and not the changed definition. */
  readonly isSaved: boolean;
  readonly inMachine: 'none' | 'ours' | 'foreign';
  readonly inDefinition: 'none' | 'ours' | 'foreign';
}

/** The vsock device that a manager adds to a machine. All reject with a DiscoveryError, FAILED with the message of the manager's program. */
export interface VsockDevice {
  facts(): Promise<VsockFacts>;
  /** Adds it by a file in a private folder. Resolves to whether the running machine has it too. */
  add(facts: VsockFacts, folder: string): Promise<boolean>;
  remove(facts: VsockFacts): Promise<void>;
  /** Shuts the machine down, starts it, and waits for its guest agent if it had one. */
  restart(): Promise<void>;
}
