/** The node:* modules that `require` returns to CommonJS packages, added by the module that imports the package. */
export const required: Record<string, unknown> = {};
