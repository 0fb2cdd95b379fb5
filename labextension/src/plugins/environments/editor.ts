/** The application's own text editor, as views ask for it. */

import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView } from '@codemirror/view';
import type { DecorationSet } from '@codemirror/view';
import { CodeEditor, CodeEditorWrapper } from '@jupyterlab/codeeditor';
import type { IEditorServices } from '@jupyterlab/codeeditor';
import { Widget } from '@lumino/widgets';
import type { MakeEditor } from '../../views/environments/YamlEditor';
import type { WireMistake } from '../../wire';

const marks = StateEffect.define<DecorationSet>();

/** The marks of mistakes; they move with the text until it was checked again. */
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (set, transaction) =>
    transaction.effects.reduce(
      (now, effect) => (effect.is(marks) ? effect.value : now),
      set.map(transaction.changes)
    ),
  provide: field => EditorView.decorations.from(field)
});

/** Makes editors for YAML out of the application's own, with the user's settings of it. */
export function yamlEditors(services: IEditorServices): MakeEditor {
  return (host, { text, label, isReadOnly, changed }) => {
    const model = new CodeEditor.Model({ mimeType: 'text/x-yaml' });
    model.sharedModel.setSource(text);
    const wrapper = new CodeEditorWrapper({
      model,
      factory: options =>
        services.factoryService.newInlineEditor({
          ...options,
          config: { readOnly: isReadOnly, lineNumbers: !isReadOnly, lineWrap: false },
          extensions: [marked, EditorView.contentAttributes.of({ 'aria-label': label })]
        })
    });
    model.sharedModel.changed.connect(() => changed(model.sharedModel.getSource()));
    Widget.attach(wrapper, host);
    const view = EditorView.findFromDOM(wrapper.node);
    return {
      setText: now => {
        if (now !== model.sharedModel.getSource()) {
          model.sharedModel.setSource(now);
        }
      },
      mark: mistakes => view?.dispatch({ effects: marks.of(decorations(view, mistakes)) }),
      go: (line, column) => {
        wrapper.editor.setCursorPosition({ line: line - 1, column: column - 1 });
        wrapper.editor.focus();
      },
      dispose: () => {
        wrapper.dispose();
        model.dispose();
      }
    };
  };
}

/** A line with each mistake, and from its column on the text that is wrong. */
function decorations(view: EditorView, mistakes: WireMistake[]): DecorationSet {
  const { doc } = view.state;
  const ranges = mistakes.flatMap(({ message, line, column }) => {
    if (line === null || line < 1 || line > doc.lines) {
      return [];
    }
    const { from, to } = doc.line(line);
    const start = Math.min(from + Math.max(0, (column ?? 1) - 1), to);
    const text = Decoration.mark({ class: 'jp-aml-Mistake-text', attributes: { title: message } });
    const whole = Decoration.line({ class: 'jp-aml-Mistake-line' }).range(from);
    return start < to ? [whole, text.range(start, to)] : [whole];
  });
  return Decoration.set(ranges, true);
}
