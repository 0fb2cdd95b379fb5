/** Names that are searched by words. */

/** Tells whether a name has every word of the text in it, in whatever case. */
export function withWords(text: string): (name: string) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return name => {
    const low = name.toLowerCase();
    return words.every(word => low.includes(word));
  };
}
