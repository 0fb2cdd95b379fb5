/** Dialogs that ask for some texts, and stay until what is done with them has been done. */

import { Dialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import type { Option } from '../../models/common/options';
import { sentenceOf } from './attempt';

/**
 * One line of a form: a text, which may be of several lines; with `options` one of these; with
 * `isCheck` a box.
 */
export interface Field {
  name: string;
  label: string;
  value: string;
  note?: string;
  isCheck?: boolean;
  options?: readonly Option[];
  /** Texts that are offered while one is typed. */
  suggestions?: readonly string[];
  /** What is meant where nothing is typed. */
  otherwise?: string;
}

export interface Heading {
  heading: string;
}

/** A sentence between the lines. */
export interface Remark {
  remark: string;
}

export type Part = Field | Heading | Remark;
export type Answer = ReadonlyMap<string, string>;

const CHECKED = 'yes';
const ACCEPT = 1;

/**
 * Ask for some texts and do something with them. Where that is refused the dialog says why and
 * stays; null where the user wants nothing of it.
 */
export async function askFor<T>(
  title: string,
  parts: Part[],
  label: string,
  act: (answer: Answer) => Promise<T>
): Promise<T | null> {
  const dialog = new Asking(title, new Form(parts), label, act);
  const { button } = await dialog.launch();
  return button.accept ? dialog.result : null;
}

export function isChecked(answer: Answer, name: string): boolean {
  return answer.get(name) === CHECKED;
}

/** The value of a box. */
export function check(isOn: boolean): string {
  return isOn ? CHECKED : '';
}

class Asking<T> extends Dialog<Answer> {
  result: T | null = null;

  constructor(
    title: string,
    private readonly form: Form,
    label: string,
    private readonly act: (answer: Answer) => Promise<T>
  ) {
    super({
      title,
      body: form,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label })],
      focusNodeSelector: 'input, textarea, select'
    });
    this.addClass('jp-aml-Asking');
  }

  override resolve(index: number = ACCEPT): void {
    if (index === ACCEPT) {
      void this.tryIt();
    } else {
      super.resolve(index);
    }
  }

  private async tryIt(): Promise<void> {
    if (this.isBusy) {
      return;
    }
    this.setBusy(true);
    this.form.say('');
    try {
      this.result = await this.act(this.form.getValue());
      super.resolve(ACCEPT);
    } catch (error) {
      this.form.say(sentenceOf(error));
    } finally {
      this.setBusy(false);
    }
  }

  private setBusy(isBusy: boolean): void {
    this.isBusy = isBusy;
    this.node.ariaBusy = String(isBusy);
  }

  private isBusy = false;
}

class Form extends Widget implements Dialog.IBodyWidget<Answer> {
  constructor(parts: Part[]) {
    super();
    this.addClass('jp-aml-Form');
    for (const part of parts) {
      this.node.append(...('name' in part ? this.rowOf(part) : [lineOf(part)]));
    }
    this.trouble.className = 'jp-aml-Form-trouble';
    this.trouble.setAttribute('role', 'alert');
    this.node.append(this.trouble);
  }

  getValue(): Answer {
    const read = (input: Input): string =>
      input instanceof HTMLInputElement && input.type === 'checkbox'
        ? check(input.checked)
        : input.value;
    return new Map([...this.inputs].map(([name, input]) => [name, read(input)]));
  }

  /** Say why it was refused. */
  say(text: string): void {
    this.trouble.textContent = text;
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
    if (field.isCheck) {
      return [wrapped(input, label)];
    }
    return field.suggestions
      ? [label, input, suggesting(input, field.suggestions)]
      : [label, input];
  }

  private readonly trouble = document.createElement('div');
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

type Input = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function inputOf(field: Field): Input {
  const { value, options } = field;
  if (field.isCheck) {
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = value === CHECKED;
    return box;
  }
  if (options) {
    return choiceOf(options, value);
  }
  // A line of text would lose the ends of its lines, and be another value unasked.
  const input = document.createElement(/[\r\n]/.test(value) ? 'textarea' : 'input');
  input.className = 'jp-mod-styled';
  input.spellcheck = false;
  input.value = value;
  input.placeholder = field.otherwise ?? '';
  return input;
}

function choiceOf(options: readonly Option[], value: string): HTMLSelectElement {
  const select = document.createElement('select');
  for (const option of options) {
    groupOf(select, option.group).append(new window.Option(option.label, option.value));
  }
  select.value = value;
  return select;
}

function groupOf(select: HTMLSelectElement, label: string | undefined): HTMLElement {
  const last = select.lastElementChild;
  if (label === undefined || (last instanceof HTMLOptGroupElement && last.label === label)) {
    return label === undefined ? select : (last as HTMLOptGroupElement);
  }
  const group = document.createElement('optgroup');
  group.label = label;
  select.append(group);
  return group;
}

function suggesting(input: Input, texts: readonly string[]): HTMLElement {
  const list = document.createElement('datalist');
  list.id = `${input.id}-suggestions`;
  list.append(...texts.map(text => new window.Option(text)));
  input.setAttribute('list', list.id);
  return list;
}
