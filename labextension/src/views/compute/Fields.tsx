/** The fields of a form: each with its label, its help, and what is wrong with it. */

import * as React from 'react';
import { settingId } from '../../models/compute/writing';
import type { TargetDraft, TargetWriting } from '../../models/compute/writing';
import type { WireComputeSetting } from '../../wire';

/** What a control is given so that it is read with its words. */
interface Given {
  id: string;
  required?: boolean;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string;
}

interface FieldProps {
  id: string;
  label: string;
  help?: string;
  problem?: string;
  isRequired?: boolean;
  children(given: Given): JSX.Element;
}

/** A control with its label, a sentence below it, and the problem, if there is one. */
export function Field({ id, label, help, problem, isRequired, children }: FieldProps): JSX.Element {
  const prefix = React.useId();
  const [own, helpId, problemId] = ['', '-help', '-problem'].map(end => `${prefix}${id}${end}`);
  const described = [help && helpId, problem && problemId].filter(Boolean).join(' ');
  return (
    <div className="jp-aml-Field" data-field={id}>
      <label htmlFor={own}>{label}</label>
      <div>
        {children({
          id: own,
          required: isRequired || undefined,
          'aria-invalid': problem === undefined ? undefined : true,
          'aria-describedby': described || undefined
        })}
        {help && (
          <p className="jp-aml-Hint" id={helpId}>
            {help}
          </p>
        )}
        {problem && (
          <p className="jp-aml-Field-wrong" id={problemId}>
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}

interface InputFieldProps {
  model: TargetWriting;
  field: Exclude<keyof TargetDraft, 'settings'>;
  label: string;
  hint?: string;
  help?: string;
  type?: 'text' | 'number';
  list?: string;
  required?: boolean;
}

/** A line of text, or a number, that all kinds have. */
export function InputField(props: InputFieldProps): JSX.Element {
  const { model, field, label, hint, help, type = 'text', list, required } = props;
  return (
    <Field
      id={field}
      label={label}
      help={help}
      problem={model.wrong.get(field)}
      isRequired={required}
    >
      {given => (
        <input
          {...given}
          type={type}
          min={type === 'number' ? 0 : undefined}
          list={list}
          placeholder={hint}
          spellCheck={false}
          autoComplete="off"
          value={model.draft[field]}
          onChange={event => model.fill(field, event.target.value)}
        />
      )}
    </Field>
  );
}

interface SettingFieldProps {
  model: TargetWriting;
  setting: WireComputeSetting;
}

/** A setting of the kind, in the form that its type has. */
export function SettingField({ model, setting }: SettingFieldProps): JSX.Element {
  const { name, label, help, required } = setting;
  return (
    <Field
      id={settingId(name)}
      label={label}
      help={help || undefined}
      problem={model.wrong.get(settingId(name))}
      isRequired={required}
    >
      {given => <Control given={given} model={model} setting={setting} />}
    </Field>
  );
}

function Control({ given, model, setting }: SettingFieldProps & { given: Given }): JSX.Element {
  const { name, type, choices, default: value } = setting;
  const written = model.draft.settings[name] ?? '';
  const write = (event: { target: { value: string } }): void => model.set(name, event.target.value);
  if (type === 'flag') {
    return (
      <input
        {...given}
        type="checkbox"
        checked={written === true}
        onChange={event => model.set(name, event.target.checked)}
      />
    );
  }
  const text = { ...given, value: String(written), onChange: write };
  switch (type) {
    case 'choice':
      return (
        <select {...text}>
          {choices.map(choice => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    case 'lines':
      return <textarea {...text} rows={4} spellCheck={false} />;
    case 'secret':
      return <input {...text} type="password" autoComplete="new-password" />;
    default:
      return (
        <input
          {...text}
          type={type === 'number' ? 'number' : 'text'}
          step="any"
          placeholder={value === null ? undefined : String(value)}
          spellCheck={false}
          autoComplete="off"
        />
      );
  }
}
