/** What the page of a new target shows: the kinds, the settings of the chosen one, and a check. */

import * as React from 'react';
import { plain } from '../../models/common/words';
import { sizeWords } from '../../models/compute/faces';
import type { TargetWriting } from '../../models/compute/writing';
import type { Trans } from '../../tokens';
import type { WireCompute, WireComputeKind } from '../../wire';
import { Button, Trouble } from '../common/Control';
import { TransContext, useAtOnce, useTrans } from '../common/hooks';
import { Field, InputField, SettingField } from './Fields';

export interface TargetWriterProps {
  model: TargetWriting;
  /** Receives what was made. */
  done(target: WireCompute): void;
  close(): void;
  trans?: Trans;
}

/** A new target: a kind is chosen, its form is filled in, tried out, and sent. */
export function TargetWriter(props: TargetWriterProps): JSX.Element {
  const { model, trans = plain } = props;
  useAtOnce(model.changed);
  return (
    <TransContext.Provider value={trans}>
      <article
        className="jp-aml-Card jp-mod-page jp-aml-Writer jp-aml-TargetWriter"
        aria-label={trans('New compute target')}
      >
        <Whole {...props} />
      </article>
    </TransContext.Provider>
  );
}

function Whole(props: TargetWriterProps): JSX.Element {
  const { model } = props;
  const trans = useTrans();
  if (model.kinds === null) {
    return model.problem === null ? (
      <p className="jp-aml-Empty">{trans('Loading the kinds of targets')}</p>
    ) : (
      <Trouble text={model.problem} label={trans('Try again')} mend={() => void model.load()} />
    );
  }
  if (model.kind === null) {
    return (
      <p className="jp-aml-Empty">{trans('No package here brings a kind of compute target.')}</p>
    );
  }
  return <Form {...props} kinds={model.kinds} kind={model.kind} />;
}

type FormProps = TargetWriterProps & { kinds: WireComputeKind[]; kind: WireComputeKind };

function Form({ model, kinds, kind, done, close }: FormProps): JSX.Element {
  const trans = useTrans();
  const form = React.useRef<HTMLFormElement>(null);
  const send = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    const made = await model.create();
    if (made) {
      done(made);
    }
  };
  // To the first field that is wrong, once it is marked.
  React.useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [model.refusals]);
  return (
    <form
      className="jp-aml-TargetWriter-form"
      ref={form}
      noValidate
      onSubmit={event => void send(event)}
    >
      <div className="jp-aml-Scroll jp-aml-Writer-form">
        <Kinds model={model} kinds={kinds} chosen={kind} />
        <InputField
          model={model}
          field="name"
          label={trans('Name')}
          hint={kind.isScaled ? 'cpu-cluster' : `my-${kind.name}`}
          required
        />
        {kind.isScaled && <Nodes model={model} />}
        {kind.hasNodes && <Size model={model} />}
        {kind.settings.map(setting => (
          <SettingField key={`${kind.name}/${setting.name}`} model={model} setting={setting} />
        ))}
        <InputField
          model={model}
          field="description"
          label={trans('Description')}
          hint={trans('what it is for')}
        />
      </div>
      <Said model={model} />
      <footer className="jp-aml-Actions jp-aml-Foot">
        <Button type="submit" className="jp-mod-accept" disabled={model.isBusy !== null}>
          {kind.isAttached ? trans('Attach') : trans('Create')}
        </Button>
        <Button
          disabled={model.isBusy !== null}
          title={trans('Connect to it, and say what is there; nothing is registered')}
          onClick={() => void model.check()}
        >
          {trans('Check')}
        </Button>
        <Button onClick={close}>{trans('Cancel')}</Button>
      </footer>
    </form>
  );
}

/** What was found, or what is wrong with no field of its own. */
function Said({ model }: { model: TargetWriting }): JSX.Element {
  const trans = useTrans();
  const busy =
    model.isBusy === 'check' ? trans('Looking…') : model.isBusy === 'create' ? trans('Sent…') : '';
  const wrong = model.wrong.size > 0 ? trans('Something above is not right yet.') : null;
  return (
    <div className="jp-aml-Found">
      <p className={model.found === null ? 'jp-aml-Hint' : 'jp-aml-Target-found'} role="status">
        {model.found === null ? busy : `✓ ${model.found}`}
      </p>
      <p className="jp-aml-Mistake" role="alert">
        {model.problem ?? wrong}
      </p>
    </div>
  );
}

interface KindsProps {
  model: TargetWriting;
  kinds: WireComputeKind[];
  chosen: WireComputeKind;
}

/** The kinds as cards, one of which is chosen; those that take no runs are folded up. */
function Kinds({ model, kinds, chosen }: KindsProps): JSX.Element {
  const trans = useTrans();
  const card = (kind: WireComputeKind): JSX.Element => (
    <label key={kind.name} className="jp-aml-Kind" data-kind={kind.name}>
      <input
        type="radio"
        name="kind"
        value={kind.name}
        checked={kind === chosen}
        onChange={() => model.choose(kind.name)}
      />
      <span>
        <b>{kind.label}</b>
        <span className="jp-aml-Kind-help">{kind.help}</span>
      </span>
    </label>
  );
  const known = kinds.filter(kind => kind.isKnownOnly);
  return (
    <div role="radiogroup" aria-label={trans('Kind')}>
      <div className="jp-aml-Kinds">{kinds.filter(kind => !kind.isKnownOnly).map(card)}</div>
      {known.length > 0 && (
        <details className="jp-aml-Kinds-known">
          <summary>{trans('Known by name, and take no runs here (%1)', known.length)}</summary>
          <div className="jp-aml-Kinds">{known.map(card)}</div>
        </details>
      )}
    </div>
  );
}

/** How large nodes are. */
function Size({ model }: { model: TargetWriting }): JSX.Element {
  const trans = useTrans();
  const { draft, sizes } = model;
  const list = React.useId();
  const size = sizes.find(({ name }) => name.toLowerCase() === draft.vmSize.trim().toLowerCase());
  return (
    <>
      <InputField
        model={model}
        field="vmSize"
        label={trans('Size of a node')}
        hint={trans('without limits')}
        help={size ? sizeWords(size, trans) : undefined}
        list={list}
      />
      <datalist id={list}>
        {sizes.map(each => (
          <option key={each.name} value={each.name}>
            {sizeWords(each, trans)}
          </option>
        ))}
      </datalist>
    </>
  );
}

/** How many nodes there may be, for how long they stay, and who may take them away. */
function Nodes({ model }: { model: TargetWriting }): JSX.Element {
  const trans = useTrans();
  const { draft } = model;
  return (
    <>
      <InputField model={model} field="minNodes" label={trans('Nodes, at least')} type="number" />
      <InputField model={model} field="maxNodes" label={trans('Nodes, at most')} type="number" />
      <InputField
        model={model}
        field="idleSeconds"
        label={trans('Idle seconds')}
        help={trans('After so long without a run a node leaves.')}
        type="number"
      />
      <Field
        id="vmPriority"
        label={trans('Priority')}
        help={
          draft.vmPriority === 'lowpriority'
            ? trans('A dedicated run may take the node; its own run is then queued again.')
            : undefined
        }
        problem={model.wrong.get('vmPriority')}
      >
        {given => (
          <select
            {...given}
            value={draft.vmPriority}
            onChange={event => model.fill('vmPriority', event.target.value)}
          >
            <option value="dedicated">{trans('dedicated')}</option>
            <option value="lowpriority">{trans('low priority')}</option>
          </select>
        )}
      </Field>
    </>
  );
}
