import type { Guest } from './guest.js';

export function sshArguments(guest: Pick<Guest, 'identity' | 'muxPath' | 'tcpPort'>): string[];
export function quote(word: string): string;
