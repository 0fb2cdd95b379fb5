/** The editor of an environment's text. */

import * as React from 'react';
import type { WireMistake } from '../../wire';

/** An editor of the application, as views see it. */
export interface TextEditor {
  setText(text: string): void;
  /** Mark the lines with mistakes, and only those. */
  mark(mistakes: WireMistake[]): void;
  /** Put the cursor there; both count from 1. */
  go(line: number, column: number): void;
  dispose(): void;
}

export interface EditorOptions {
  text: string;
  label: string;
  isReadOnly: boolean;
  changed(text: string): void;
}

/** Makes an editor for YAML in the element. */
export type MakeEditor = (host: HTMLElement, options: EditorOptions) => TextEditor;

export const EditorContext = React.createContext<MakeEditor | null>(null);

interface YamlEditorProps {
  label: string;
  text: string;
  mistakes?: WireMistake[];
  /** Without it the text can only be read. */
  changed?(text: string): void;
  /** Receives the editor, to lead it to a place. */
  given?: React.MutableRefObject<TextEditor | null>;
}

const NONE: WireMistake[] = [];

/** YAML in the application's own editor; without one, as plain text. */
export function YamlEditor(props: YamlEditorProps): JSX.Element {
  const { label, text, mistakes = NONE, given } = props;
  const make = React.useContext(EditorContext);
  const host = React.useRef<HTMLDivElement>(null);
  const editor = React.useRef<TextEditor | null>(null);
  const changed = React.useRef(props.changed);
  changed.current = props.changed;
  React.useLayoutEffect(() => {
    if (!make || !host.current) {
      return;
    }
    const made = make(host.current, {
      text,
      label,
      isReadOnly: !props.changed,
      changed: now => changed.current?.(now)
    });
    editor.current = made;
    if (given) {
      given.current = made;
    }
    return () => {
      made.dispose();
      editor.current = null;
      if (given) {
        given.current = null;
      }
    };
  }, [make]);
  React.useEffect(() => {
    editor.current?.setText(text);
  }, [text]);
  React.useEffect(() => {
    editor.current?.mark(mistakes);
  }, [mistakes, text]);
  return make ? <div className="jp-aml-Yaml" ref={host} /> : <pre>{text}</pre>;
}
