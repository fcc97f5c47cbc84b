/** A shell script with the parts that it includes, made by build/bundle/shell-text.js. */
declare module '*.sh' {
  const text: string;
  export default text;
}

declare module '*.py' {
  const text: string;
  export default text;
}

declare module '*.md' {
  const text: string;
  export default text;
}
