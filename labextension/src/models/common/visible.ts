/** Characters that cannot be seen but change what is seen, made visible. */

// Controls (not tab, line feed, carriage return), and what turns the direction of text around.
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** The text with a sign in the place of each character that hides or turns others. */
export function visible(text: string): string {
  return text.replace(HIDDEN, sign);
}

function sign(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  return code === 0x7f ? '␡' : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
