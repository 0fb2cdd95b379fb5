/** What the page of a new environment shows: a form, the same as text, and what is wrong. */

import * as React from 'react';
import { plain } from '../../models/common/words';
import { entries } from '../../models/environments/draft';
import type { Draft } from '../../models/environments/draft';
import type { WritingModel } from '../../models/environments/writing';
import type { Trans } from '../../tokens';
import type { WireEnvironment, WireMistake } from '../../wire';
import { Button } from '../common/Control';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Tabs } from '../common/Tabs';
import { EditorContext, YamlEditor } from './YamlEditor';
import type { MakeEditor, TextEditor } from './YamlEditor';

const PYTHONS = ['3.14', '3.13', '3.12', '3.11', '3.10'];

export interface EnvironmentWriterProps {
  model: WritingModel;
  /** What is called so already, if anything is. */
  known(name: string): WireEnvironment | null;
  /** Receives what was made. */
  done(environment: WireEnvironment, isToBuild: boolean): void;
  close(): void;
  editor: MakeEditor | null;
  trans?: Trans;
}

/** A new environment, written as a form or as YAML, and checked while it is. */
export function EnvironmentWriter(props: EnvironmentWriterProps): JSX.Element {
  const { model, trans = plain } = props;
  useSignal(model.changed);
  const editor = React.useRef<TextEditor | null>(null);
  return (
    <TransContext.Provider value={trans}>
      <EditorContext.Provider value={props.editor}>
        <article
          className="jp-aml-Card jp-mod-page jp-aml-Writer"
          aria-label={trans('New environment')}
        >
          <Name {...props} />
          <Tabs
            label={trans('Ways to write it')}
            tabs={[
              { id: 'form', label: trans('Form'), pane: () => <Form model={model} /> },
              {
                id: 'yaml',
                label: trans('YAML'),
                pane: () => <Text model={model} editor={editor} />
              }
            ]}
          />
          <Found model={model} lead={mistake => lead(editor.current, mistake)} />
          <Foot {...props} />
        </article>
      </EditorContext.Provider>
    </TransContext.Provider>
  );
}

function lead(editor: TextEditor | null, { line, column }: WireMistake): void {
  if (line !== null) {
    editor?.go(line, column ?? 1);
  }
}

function Name({ model, known }: EnvironmentWriterProps): JSX.Element {
  const trans = useTrans();
  const input = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => input.current?.focus(), []);
  const name = model.draft.name.trim();
  const there = name ? known(name) : null;
  return (
    <div className="jp-aml-Writer-name">
      <label>
        {trans('Name')}
        <input
          ref={input}
          type="text"
          placeholder={trans('my-environment')}
          spellCheck={false}
          value={model.draft.name}
          onChange={event => model.fill({ name: event.target.value })}
        />
      </label>
      <span className="jp-aml-Hint" role="status">
        {there?.curated
          ? trans('%1 comes with the server; take another name.', name)
          : there
            ? trans(
                'There is %1:%2; a changed definition becomes its next version.',
                name,
                there.version
              )
            : ''}
      </span>
    </div>
  );
}

function Form({ model }: { model: WritingModel }): JSX.Element {
  const trans = useTrans();
  const { draft } = model;
  return (
    <div className="jp-aml-Scroll jp-aml-Writer-form">
      {model.isTextFirst && model.mistakes.length > 0 && (
        <p className="jp-aml-Warning">
          {trans('The YAML has a mistake: the fields show what was read last.')}
        </p>
      )}
      <label>
        <span>{trans('Python')}</span>
        <input
          type="text"
          list="jp-aml-pythons"
          placeholder={trans("the server's own")}
          value={draft.python}
          onChange={event => model.fill({ python: event.target.value })}
        />
        <datalist id="jp-aml-pythons">
          {PYTHONS.map(version => (
            <option key={version} value={version} />
          ))}
        </datalist>
      </label>
      <Packages model={model} field="pip" label={trans('pip packages')} hint="scikit-learn>=1.5" />
      <Packages model={model} field="conda" label={trans('conda packages')} hint="numpy=2.2" />
      <Packages model={model} field="channels" label={trans('conda channels')} hint="conda-forge" />
      <Variables model={model} />
      <fieldset>
        <legend>{trans('Docker')}</legend>
        <label className="jp-aml-Switch">
          <input
            type="checkbox"
            checked={draft.docker}
            onChange={event => model.fill({ docker: event.target.checked })}
          />
          {trans('Run in a container')}
        </label>
        {draft.docker && (
          <input
            type="text"
            aria-label={trans('Image')}
            placeholder="python:3.12-slim"
            spellCheck={false}
            value={draft.image}
            onChange={event => model.fill({ image: event.target.value })}
          />
        )}
      </fieldset>
    </div>
  );
}

interface PackagesProps {
  model: WritingModel;
  field: 'pip' | 'conda' | 'channels';
  label: string;
  hint: string;
}

/** Chips, and a field that makes one of what is typed, or several of what is pasted. */
function Packages({ model, field, label, hint }: PackagesProps): JSX.Element {
  const trans = useTrans();
  const [typed, setTyped] = React.useState('');
  const values = model.draft[field];
  const put = (next: string[]): void => model.fill({ [field]: next } as Partial<Draft>);
  const add = (text: string): void => {
    const fresh = entries(text.replace(/,(?=\s*[A-Za-z])/g, '\n'));
    setTyped('');
    if (fresh.length > 0) {
      put([...new Set([...values, ...fresh])]);
    }
  };
  const press = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter' || (event.key === ',' && !/[<>=!~]/.test(typed))) {
      event.preventDefault();
      add(typed);
    } else if (event.key === 'Backspace' && typed === '' && values.length > 0) {
      put(values.slice(0, -1));
      setTyped(values.at(-1)!);
      event.preventDefault();
    }
  };
  return (
    <div className="jp-aml-Field" role="group" aria-label={label}>
      <span>{label}</span>
      <div className="jp-aml-Chips">
        {values.map(value => (
          <span className="jp-aml-Chip" key={value}>
            {value}
            <Button
              className="jp-mod-small"
              aria-label={trans('Remove %1', value)}
              onClick={() => put(values.filter(one => one !== value))}
            >
              ×
            </Button>
          </span>
        ))}
        <input
          type="text"
          aria-label={trans('Add to %1', label)}
          placeholder={values.length === 0 ? hint : trans('add')}
          spellCheck={false}
          value={typed}
          onChange={event => setTyped(event.target.value)}
          onKeyDown={press}
          onBlur={() => add(typed)}
          onPaste={event => {
            const text = event.clipboardData.getData('text');
            if (text.includes('\n')) {
              event.preventDefault();
              add(text);
            }
          }}
        />
      </div>
    </div>
  );
}

function Variables({ model }: { model: WritingModel }): JSX.Element {
  const trans = useTrans();
  const { variables } = model.draft;
  // One empty row more than there are, so that there is always one to write into.
  const rows: Draft['variables'] = [...variables, ['', '']];
  const put = (at: number, pair: [string, string]): void => {
    const next = rows.map((row, index) => (index === at ? pair : row));
    model.fill({ variables: next.filter(([name, value]) => name || value) });
  };
  return (
    <div className="jp-aml-Field" role="group" aria-label={trans('Environment variables')}>
      <span>{trans('Variables')}</span>
      <div className="jp-aml-Variables">
        {rows.map(([name, value], at) => (
          <div key={at}>
            <input
              type="text"
              aria-label={trans('Name of variable %1', at + 1)}
              placeholder={trans('NAME')}
              spellCheck={false}
              value={name}
              onChange={event => put(at, [event.target.value, value])}
            />
            <input
              type="text"
              aria-label={trans('Value of variable %1', at + 1)}
              placeholder={trans('value')}
              spellCheck={false}
              value={value}
              onChange={event => put(at, [name, event.target.value])}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

interface TextProps {
  model: WritingModel;
  editor: React.MutableRefObject<TextEditor | null>;
}

function Text({ model, editor }: TextProps): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Scroll">
      <YamlEditor
        label={trans('Conda specification')}
        text={model.yaml}
        mistakes={model.mistakes}
        changed={yaml => model.write(yaml)}
        given={editor}
      />
      {model.draft.docker && (
        <p className="jp-aml-Hint">{trans('The Docker image is in the form.')}</p>
      )}
    </div>
  );
}

/** What is wrong, without the place, which stands before it. */
function whatOf({ message, line }: WireMistake): string {
  return line === null ? message : message.replace(/^[^:]*\bline \d+, column \d+: /, '');
}

/** What the check found, in sentences; a click leads to the place. */
function Found({
  model,
  lead
}: {
  model: WritingModel;
  lead(mistake: WireMistake): void;
}): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Found" role="alert">
      {model.problem && <p className="jp-aml-Mistake">{model.problem}</p>}
      {model.mistakes.map((mistake, i) => (
        <p key={i} className="jp-aml-Mistake">
          ✕{' '}
          {mistake.line !== null && model.isTextFirst && (
            <Button className="jp-mod-small jp-mod-link" onClick={() => lead(mistake)}>
              {mistake.column === null
                ? trans('Line %1', mistake.line)
                : trans('Line %1, column %2', mistake.line, mistake.column)}
            </Button>
          )}{' '}
          {whatOf(mistake)}
        </p>
      ))}
      {model.warnings.map((warning, i) => (
        <p key={i} className="jp-aml-Warning">
          ⚠ {warning}
        </p>
      ))}
    </div>
  );
}

function Foot({ model, known, done, close }: EnvironmentWriterProps): JSX.Element {
  const trans = useTrans();
  const [isMaking, setMaking] = React.useState(false);
  const [problem, setProblem] = React.useState<string | null>(null);
  const name = model.draft.name.trim();
  const canCreate = name && !known(name)?.curated && !isMaking && model.mistakes.length === 0;
  const create = async (isToBuild: boolean): Promise<void> => {
    setMaking(true);
    setProblem(null);
    try {
      const made = await model.create();
      if (made) {
        done(made, isToBuild);
      }
    } catch (error) {
      setProblem((error as Error).message);
    }
    setMaking(false);
  };
  return (
    <footer className="jp-aml-Actions jp-aml-Foot">
      <Button className="jp-mod-accept" disabled={!canCreate} onClick={() => void create(true)}>
        {trans('Create and build')}
      </Button>
      <Button disabled={!canCreate} onClick={() => void create(false)}>
        {trans('Create')}
      </Button>
      <Button onClick={close}>{trans('Cancel')}</Button>
      <span className="jp-aml-Hint" role="status">
        {problem ??
          (model.isChecking ? trans('Checking') : !name ? trans('A name is missing.') : '')}
      </span>
    </footer>
  );
}
