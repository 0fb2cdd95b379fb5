import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

/** One line of a form: a text, which may be of several lines, or with `isCheck` a box. */
export interface Field {
  name: string;
  label: string;
  value: string;
  note?: string;
  isCheck?: boolean;
}

export interface Heading {
  heading: string;
}

/** A sentence between the lines. */
export interface Remark {
  remark: string;
}

export type Part = Field | Heading | Remark;

const CHECKED = 'yes';

/** Ask for some texts in a dialog; null where the user wants nothing of it. */
export async function askFor(
  title: string,
  fields: Part[],
  label: string
): Promise<Map<string, string> | null> {
  const body = new Form(fields);
  const answer = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label })],
    focusNodeSelector: 'input, textarea'
  });
  return answer.button.accept ? answer.value : null;
}

export function isChecked(answer: ReadonlyMap<string, string>, name: string): boolean {
  return answer.get(name) === CHECKED;
}

class Form extends Widget implements Dialog.IBodyWidget<Map<string, string>> {
  constructor(fields: Part[]) {
    super();
    this.addClass('jp-aml-Form');
    for (const field of fields) {
      this.node.append(...('name' in field ? this.rowOf(field) : [lineOf(field)]));
    }
  }

  getValue(): Map<string, string> {
    const read = (input: Input): string =>
      input.type === 'checkbox'
        ? (input as HTMLInputElement).checked
          ? CHECKED
          : ''
        : input.value;
    return new Map([...this.inputs].map(([name, input]) => [name, read(input)]));
  }

  private rowOf(field: Field): HTMLElement[] {
    const input = inputOf(field);
    const label = document.createElement('label');
    input.id = `jp-aml-form-${field.name}`;
    label.htmlFor = input.id;
    label.textContent = field.label;
    if (field.note) {
      label.title = field.note;
      const note = document.createElement('span');
      note.className = 'jp-aml-Form-note';
      note.textContent = field.note;
      label.append(note);
    }
    this.inputs.set(field.name, input);
    return field.isCheck ? [wrapped(input, label)] : [label, input];
  }

  private readonly inputs = new Map<string, Input>();
}

function wrapped(...nodes: HTMLElement[]): HTMLElement {
  const row = document.createElement('div');
  row.className = 'jp-aml-Form-check';
  row.append(...nodes);
  return row;
}

function lineOf(line: Heading | Remark): HTMLElement {
  const node = document.createElement('heading' in line ? 'h3' : 'p');
  node.textContent = 'heading' in line ? line.heading : line.remark;
  return node;
}

type Input = HTMLInputElement | HTMLTextAreaElement;

function inputOf({ value, isCheck }: Field): Input {
  if (isCheck) {
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = value === CHECKED;
    return box;
  }
  // A line of text would lose the ends of its lines, and be another value unasked.
  const input = document.createElement(/[\r\n]/.test(value) ? 'textarea' : 'input');
  input.className = 'jp-mod-styled';
  input.spellcheck = false;
  input.value = value;
  return input;
}
