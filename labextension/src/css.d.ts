/** Style sheets as texts, which is how the widget's bundle holds them. */

declare module '*.css' {
  const text: string;
  export default text;
}
