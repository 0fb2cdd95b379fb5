/** The inert forms of a card: HTML without script or anything remote, and plain text. */

import type { WireCard } from '../../wire';
import { cause, distinction, duration, elapsed, face, number, place, size } from '../common/words';
import { withoutEscapes } from '../files/ansi';

const LOG_LINES = 20;
const MOST_METRICS = 60;
const MOST_IN_TEXT = 8;
const MOST_FILES = 50;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
};

/** Text as HTML that says just that text. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]);
}

/** The card as a page without our extension shows it; `charts` are PNG images as data: addresses. */
export function toHtml(card: WireCard, charts: ReadonlyMap<string, string>): string {
  const pictures = [...charts].filter(([, address]) => isPicture(address));
  const images = Object.entries(card.images).filter(([, address]) => isPicture(address));
  return [
    '<div style="border:1px solid #bdbdbd;padding:8px 12px;font-family:sans-serif;font-size:13px">',
    `<div><b>${escape(headline(card))}</b></div>`,
    causeOf(card)
      .map(line => `<div style="color:#b71c1c">${escape(line)}</div>`)
      .join(''),
    asOf(card)
      .map(line => `<div style="color:#757575">${line}</div>`)
      .join(''),
    metricTable(card),
    pictures.map(([name, address]) => figure(name, address)).join(''),
    images.map(([name, address]) => figure(name, address)).join(''),
    fileList(card),
    logTail(card),
    '</div>'
  ].join('');
}

/** The card in a terminal. */
export function toText(card: WireCard): string {
  const metrics = metricsOf(card)
    .slice(0, MOST_IN_TEXT)
    .map(([name, value]) => `${name} ${value}`);
  return [headline(card), ...causeOf(card), metrics.join('  ')].filter(line => line).join('\n');
}

function headline(card: WireCard): string {
  const run = card.run;
  const ran = elapsed(run, Date.parse(card.savedAt));
  const { glyph, word } = face(run.status);
  const name = `${run.experiment} #${run.number}`;
  const parts = [`${glyph} ${word}`, name, distinction(run)];
  return [...parts, ran === null ? '' : duration(ran), run.target].filter(part => part).join(' · ');
}

function causeOf(card: WireCard): string[] {
  const { error, reason } = card.run;
  if (!error) {
    return reason ? [reason] : [];
  }
  return [cause(error), place(card.run), error.hint ?? ''].filter(line => line);
}

/** Where the run went on: nobody is to wait for a picture that does not change. */
function asOf({ run, savedAt }: WireCard): string[] {
  const at = new Date(savedAt).toISOString().slice(0, 19).replace('T', ' ');
  return run.endedAt === null ? [`As it was at ${at} UTC`] : [];
}

function metricsOf(card: WireCard): [string, string][] {
  return Object.entries(card.run.metrics).map(([name, value]) => [name, number(value)]);
}

function metricTable(card: WireCard): string {
  const metrics = metricsOf(card);
  const left = metrics.length - MOST_METRICS;
  const more = left > 0 ? `<div style="color:#757575">and ${left} more metrics</div>` : '';
  const rows = metrics
    .slice(0, MOST_METRICS)
    .map(
      ([name, value]) =>
        `<tr><td style="text-align:left">${escape(name)}</td>` +
        `<td style="text-align:right">${escape(value)}</td></tr>`
    );
  return rows.length ? `<table style="font-size:13px">${rows.join('')}</table>${more}` : '';
}

function figure(name: string, address: string): string {
  return (
    '<figure style="display:inline-block;vertical-align:top;margin:4px 12px 4px 0">' +
    `<figcaption>${escape(name)}</figcaption>` +
    `<img alt="${escape(name)}" src="${address}" style="max-width:360px"></figure>`
  );
}

/** Whether an address holds the picture itself, and so leads nowhere. */
export function isPicture(address: string): boolean {
  return /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(address);
}

function fileList(card: WireCard): string {
  const files = card.files.slice(0, MOST_FILES);
  const items = files.map(file => `<li>${escape(file.name)} (${size(file.size)})</li>`).join('');
  return files.length
    ? `<details><summary>${card.files.length} files</summary><ul>${items}</ul></details>`
    : '';
}

function logTail(card: WireCard): string {
  if (!card.log?.text) {
    return '';
  }
  const text = withoutEscapes(card.log.text).replace(/.*\r(?!\n)/g, '');
  const lines = text.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  return `<details open><summary>${escape(card.log.name)}</summary><pre style="font-family:monospace">${escape(lines)}</pre></details>`;
}
