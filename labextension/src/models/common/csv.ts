/** Lines of CSV files, as RFC 4180 has them and spreadsheets may read them. */

/** What a spreadsheet would carry out, and is no number. */
const FORMULA = /^[=+\-@\t\r]/;

/** One line of a table, without its end. */
export function csvLine(values: readonly unknown[]): string {
  return values.map(field).join(',');
}

function field(value: unknown): string {
  const text = harmless(written(value));
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function written(value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function harmless(text: string): string {
  return FORMULA.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
}
