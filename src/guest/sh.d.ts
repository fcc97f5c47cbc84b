/** A script of sh/ with the parts that it includes, made by build/bundle/shell-text.js. */
declare module '*.sh' {
  const text: string;
  export default text;
}
