/** Events of poll(2). */
export const pollEvents = { in: 1, out: 4 } as const;
