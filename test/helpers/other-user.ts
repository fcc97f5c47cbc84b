/** For spawn: what starts a program as somebody who is neither this user nor one of the system; {} where only root could. */
export const otherUser = process.getuid?.() === 0 ? { uid: 54_321, gid: 54_321 } : {};
