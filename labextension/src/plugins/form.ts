import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

/** One line of a form: a text, or with `isCheck` a box. */
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

const CHECKED = 'yes';

/** Ask for some texts in a dialog; null where the user wants nothing of it. */
export async function askFor(
  title: string,
  fields: (Field | Heading)[],
  label: string
): Promise<Map<string, string> | null> {
  const body = new Form(fields);
  const answer = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label })],
    focusNodeSelector: 'input'
  });
  return answer.button.accept ? answer.value : null;
}

export function isChecked(answer: ReadonlyMap<string, string>, name: string): boolean {
  return answer.get(name) === CHECKED;
}

class Form extends Widget implements Dialog.IBodyWidget<Map<string, string>> {
  constructor(fields: (Field | Heading)[]) {
    super();
    this.addClass('jp-aml-Form');
    for (const field of fields) {
      this.node.append(...('heading' in field ? [headingOf(field)] : this.rowOf(field)));
    }
  }

  getValue(): Map<string, string> {
    const read = (input: HTMLInputElement): string =>
      input.type === 'checkbox' ? (input.checked ? CHECKED : '') : input.value;
    return new Map([...this.inputs].map(([name, input]) => [name, read(input)]));
  }

  private rowOf(field: Field): HTMLElement[] {
    const input = document.createElement('input');
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
    if (field.isCheck) {
      input.type = 'checkbox';
      input.checked = field.value === CHECKED;
    } else {
      input.type = 'text';
      input.className = 'jp-mod-styled';
      input.spellcheck = false;
      input.value = field.value;
    }
    this.inputs.set(field.name, input);
    return field.isCheck ? [wrapped(input, label)] : [label, input];
  }

  private readonly inputs = new Map<string, HTMLInputElement>();
}

function wrapped(...nodes: HTMLElement[]): HTMLElement {
  const row = document.createElement('div');
  row.className = 'jp-aml-Form-check';
  row.append(...nodes);
  return row;
}

function headingOf({ heading }: Heading): HTMLElement {
  const node = document.createElement('h3');
  node.textContent = heading;
  return node;
}
