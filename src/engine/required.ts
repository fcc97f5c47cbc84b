/** What `require` gives of node:*, to packages in CommonJS: whoever imports such a package puts in what it asks for. */
export const required: Record<string, unknown> = {};
