import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnsiReader } from '../src/models/files/ansi';
import type { Screen, Span } from '../src/models/files/ansi';

/** What a terminal was told, a word a step; a text is told with its style. */
function said(...pieces: string[]): string[] {
  const told: string[] = [];
  hear(pieces, (step, style) => told.push(style ? `${step} (${style})` : step));
  return told;
}

/** The same letter by letter, so that it does not matter where a text is torn. */
function letters(...pieces: string[]): string[] {
  const told: string[] = [];
  hear(pieces, (step, style) => told.push(...[...step].map(letter => `${letter} (${style})`)));
  return told;
}

function hear(pieces: string[], tell: (step: string, style: string) => void): void {
  const put = ({ text, look, colour, background }: Span) => {
    const style = [look, colour && `c ${colour}`, background && `b ${background}`];
    tell(
      text,
      style
        .filter(word => word)
        .join(' ')
        .replaceAll('jp-aml-ansi-', '')
    );
  };
  const screen: Screen = {
    put,
    newline: () => tell('↵', ''),
    carriageReturn: () => tell('↤', ''),
    erase: () => tell('⌫', '')
  };
  const reader = new AnsiReader();
  pieces.forEach(piece => reader.read(piece, screen));
}

test('lines, returns and what is erased are told as they come', () => {
  assert.deepEqual(said('one\n\ntwo'), ['one', '↵', '↵', 'two']);
  assert.deepEqual(said('10%\r90%\r\n'), ['10%', '↤', '90%', '↵']);
  assert.deepEqual(said('10%\r\u001b[K90%'), ['10%', '↤', '⌫', '90%']);
});

test('a return at the end of a piece is half of a line end, or a return', () => {
  assert.deepEqual(said('a\r', '\nb'), ['a', '↵', 'b']);
  assert.deepEqual(said('a\r', 'b'), ['a', '↤', 'b']);
});

test('the sixteen colours have names, in front and behind', () => {
  const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
  for (const [i, name] of names.entries()) {
    assert.deepEqual(said(`\u001b[${30 + i}mx`, `\u001b[${90 + i}my`), [
      `x (${name})`,
      `y (${name})`
    ]);
    assert.deepEqual(said(`\u001b[${40 + i}mx`), [`x (on-${name})`]);
    assert.deepEqual(said(`\u001b[${100 + i}mx`), [`x (on-${name})`]);
  }
});

test('marks are set and taken off one by one', () => {
  const marks = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse' };
  for (const [code, mark] of Object.entries(marks)) {
    const off = Number(code) < 3 ? 22 : 20 + Number(code);
    assert.deepEqual(said(`\u001b[${code}mx\u001b[${off}my`), [`x (${mark})`, 'y']);
  }
  assert.deepEqual(said('\u001b[1;2;3mx\u001b[22my'), ['x (bold dim italic)', 'y (italic)']);
});

test('a style holds over lines and pieces until it is changed', () => {
  assert.deepEqual(said('\u001b[1;31;42ma\n', 'b\u001b[39mc\u001b[49md\u001b[0me'), [
    'a (bold red on-green)',
    '↵',
    'b (bold red on-green)',
    'c (bold on-green)',
    'd (bold)',
    'e'
  ]);
  assert.deepEqual(said('\u001b[31ma\u001b[mb'), ['a (red)', 'b']);
});

test('the 256 colours are sixteen names, a cube and greys; 24 bits are themselves', () => {
  const colour = (codes: string) => said(`\u001b[${codes}mx`)[0];

  assert.equal(colour('38;5;1'), 'x (red)');
  assert.equal(colour('38;5;15'), 'x (white)');
  assert.equal(colour('38;5;16'), 'x (c rgb(0, 0, 0))');
  assert.equal(colour('48;5;110'), 'x (b rgb(135, 175, 215))');
  assert.equal(colour('38;5;231'), 'x (c rgb(255, 255, 255))');
  assert.equal(colour('38;5;232'), 'x (c rgb(8, 8, 8))');
  assert.equal(colour('38;5;255'), 'x (c rgb(238, 238, 238))');
  assert.equal(colour('38;2;1;2;300'), 'x (c rgb(1, 2, 255))');
  assert.equal(colour('38:2:9:8:7'), 'x (c rgb(9, 8, 7))');
  assert.equal(colour('38;5;1;48;2;0;0;9;4'), 'x (underline red b rgb(0, 0, 9))');
});

test('a colour that is not whole is none, and hides no text', () => {
  assert.deepEqual(said('\u001b[38mx'), ['x']);
  assert.deepEqual(said('\u001b[38;2;7mx'), ['x (c rgb(7, 0, 0))']);
  assert.deepEqual(said('\u001b[38;5mx'), ['x (black)']);
  assert.deepEqual(said('\u001b[999;;mx'), ['x']);
});

test('wherever a text is torn, it reads the same', () => {
  const title = '\u001b]0;title\u0007';
  const link = '\u001b]8;;https://x.org\u001b\\link';
  const text = `a\u001b[1;38;5;110mb\r\nc${link}${title}\u001b(Bd\u001b[2Ke\rf`;
  const whole = letters(text);

  for (let at = 1; at < text.length; at++) {
    assert.deepEqual(letters(text.slice(0, at), text.slice(at)), whole, `torn at ${at}`);
  }
  assert.deepEqual(letters(...text), whole);
});

test('titles, links and other escapes are not seen, what stands in a link is', () => {
  assert.deepEqual(said('\u001b]0;title\u0007a'), ['a']);
  assert.deepEqual(said('\u001b]8;;https://x.org\u001b\\link\u001b]8;;\u001b\\'), ['link']);
  assert.deepEqual(said('\u001b[2J\u001b[1;1H\u001b[?25la'), ['a']);
  assert.deepEqual(said('\u001b7a\u001b8'), ['a']);
  assert.deepEqual(said('\u001b(B\u001b[ma'), ['a'], 'as tput ends its colours');
});

test('what never becomes an escape is shown', () => {
  const endless = `\u001b[${'1;'.repeat(200)}`;

  const told = said(endless, 'end');

  assert.ok(told.join('').endsWith('end'));
  assert.ok(told.join('').includes('1;1;'));
});

test('characters that hide others are seen in a log, too', () => {
  assert.deepEqual(said('a\u202eb\u0008c'), ['a⟨U+202E⟩b␈c']);
});
