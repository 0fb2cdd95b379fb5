/** What the page of one model shows. */

import * as React from 'react';
import { moment, plain, size } from '../../models/common/words';
import type { ModelPageModel } from '../../models/models/model';
import { Commands, ModelCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireModel } from '../../wire';
import { Button } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { later, useAsked } from '../common/later';
import { PageFrame } from '../common/PageFrame';
import { Tabs } from '../common/Tabs';
import type { Tab } from '../common/Tabs';
import { AboutPane } from './AboutPane';
import { Aliases } from './Aliases';
import { VersionsPane } from './VersionsPane';

const LineagePane = later(async () => (await import('./LineagePane')).LineagePane);
const ModelFiles = later(async () => (await import('./ModelFiles')).ModelFiles);

export interface ModelViewProps {
  model: ModelPageModel;
  run: RunCommand;
  trans?: Trans;
}

/** What the parts of the page are given. */
export interface ModelPartProps extends ModelViewProps {
  one: WireModel;
}

/** One model: its versions, their files, how good they are, and where they come from. */
export function ModelView(props: ModelViewProps): JSX.Element {
  const { model, trans = plain } = props;
  useSignal(model.changed, 100);
  return (
    <PageFrame
      model={model}
      one={model.model}
      label={trans('Model %1', model.name)}
      className="jp-aml-Model"
      loading={trans('Loading the model')}
      trans={trans}
    >
      {one => (
        <>
          <Head {...props} one={one} />
          <Body {...props} one={one} />
        </>
      )}
    </PageFrame>
  );
}

function Head({ model, one, run }: ModelPartProps): JSX.Element {
  const trans = useTrans();
  const { name, version, workspace } = one;
  const act = (command: string) => () => run(command, { name, version, workspace });
  const problem = model.isGone ? trans('This model was deleted.') : model.problem;
  return (
    <header className="jp-aml-Head">
      <div className="jp-aml-Head-line">
        <span className="jp-aml-Head-name">
          <b>{name}</b>
          <Versions model={model} one={one} />
          <span className="jp-aml-Head-experiment">
            {[one.framework, one.frameworkVersion].filter(part => part).join(' ')}
          </span>
        </span>
        <span className="jp-aml-Clock" title={trans('size of its files')}>
          {size(one.size)}
        </span>
      </div>
      <div
        className={`jp-aml-Story${problem ? ' jp-mod-bad' : ''}`}
        role={problem ? 'alert' : undefined}
      >
        <div className="jp-aml-Story-first">{problem ?? <Maker one={one} run={run} />}</div>
      </div>
      <div className="jp-aml-Actions" role="toolbar" aria-label={trans('Model %1', name)}>
        <Download model={model} one={one} />
        <Button onClick={act(ModelCommands.copyCode)}>{trans('Copy code')}</Button>
        <Aliases model={model} one={one} add={act(ModelCommands.addAlias)} />
        <span className="jp-aml-Bar-gap" />
        <Button disabled={model.isGone} onClick={act(ModelCommands.remove)}>
          {trans('Delete…')}
        </Button>
      </div>
    </header>
  );
}

/** When it was registered, and of which run. */
function Maker({ one, run }: { one: WireModel; run: RunCommand }): JSX.Element {
  const trans = useTrans();
  const { runId } = one;
  return (
    <>
      {one.description && `${one.description} · `}
      {trans('Registered %1', moment(one.createdAt))}
      {runId !== null && (
        <>
          {' · '}
          <button
            type="button"
            className="jp-aml-Link"
            onClick={() => run(Commands.open, { runId })}
          >
            {trans('run %1', runId)}
          </button>
        </>
      )}
    </>
  );
}

/** The file, where it is a single one; else all of them as a zip file. */
function Download({ model, one }: Pick<ModelPartProps, 'model' | 'one'>): JSX.Element {
  const trans = useTrans();
  const { rest, wanted } = model;
  const isSingle = one.fileCount === 1;
  const { value } = useAsked(isSingle ? () => rest.modelFiles(wanted) : null, one.id);
  const file = value?.files[0].path;
  const url = file === undefined ? rest.modelArchiveUrl(wanted) : rest.modelFileUrl(wanted, file);
  const name = file?.split('/').at(-1) ?? `${one.name}-${one.version}.zip`;
  return (
    <a className="jp-aml-Button jp-aml-Model-download" href={url} download={name} title={name}>
      {isSingle ? trans('Download') : trans('Download as zip')}
    </a>
  );
}

function Versions({ model, one }: Pick<ModelPartProps, 'model' | 'one'>): JSX.Element {
  const trans = useTrans();
  const { versions } = model;
  const numbers = versions.map(each => each.version);
  return (
    <select
      className="jp-aml-Versions"
      aria-label={trans('Version')}
      value={one.version}
      onChange={event => {
        const version = event.target.value;
        void model.show(version === numbers[0] ? null : version);
      }}
    >
      {[...new Set([...numbers, one.version])].map((version, i) => (
        <option key={version} value={version}>
          {i === 0 && numbers.length > 1
            ? trans('version %1 (newest)', version)
            : trans('version %1', version)}
        </option>
      ))}
    </select>
  );
}

function Body(props: ModelPartProps): JSX.Element {
  const { model, one } = props;
  const trans = useTrans();
  const tabs: Tab[] = [
    { id: 'about', label: trans('About'), pane: () => <AboutPane {...props} /> },
    {
      id: 'versions',
      label: trans('Versions'),
      badge: model.versions.length,
      pane: () => <VersionsPane {...props} />
    },
    {
      id: 'files',
      label: trans('Files'),
      badge: one.fileCount,
      pane: () => <ModelFiles model={model} one={one} />
    },
    { id: 'lineage', label: trans('Lineage'), pane: () => <LineagePane {...props} /> }
  ];
  return <Tabs label={trans('Parts of the model')} tabs={tabs} />;
}
