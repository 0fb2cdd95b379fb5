/** What the page of one data set shows. */

import * as React from 'react';
import { moment, plain, size } from '../../models/common/words';
import type { DatasetPageModel } from '../../models/data/dataset';
import { DataCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireDataset } from '../../wire';
import { Button } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { later } from '../common/later';
import { PageFrame } from '../common/PageFrame';
import { Tabs } from '../common/Tabs';
import type { Tab } from '../common/Tabs';
import { Changes } from './Changes';
import { DefinitionPane } from './DefinitionPane';

const DatasetFiles = later(async () => (await import('./DatasetFiles')).DatasetFiles);
const DataLineage = later(async () => (await import('./DataLineage')).DataLineage);
const PreviewPane = later(async () => (await import('./PreviewPane')).PreviewPane);
const ProfilePane = later(async () => (await import('./ProfilePane')).ProfilePane);
const VersionsPane = later(async () => (await import('./VersionsPane')).VersionsPane);

export interface DatasetViewProps {
  model: DatasetPageModel;
  run: RunCommand;
  trans?: Trans;
}

/** What the parts of the page are given. */
export interface DatasetPartProps extends DatasetViewProps {
  one: WireDataset;
}

/** One data set: what is in it, how it is read, and who uses it. */
export function DatasetView(props: DatasetViewProps): JSX.Element {
  const { model, trans = plain } = props;
  useSignal(model.changed, 100);
  return (
    <PageFrame
      model={model}
      one={model.dataset}
      label={trans('Data set %1', model.name)}
      className="jp-aml-Dataset"
      loading={trans('Loading the data set')}
      trans={trans}
    >
      {one => (
        <>
          <Head {...props} one={one} />
          <Changes {...props} one={one} />
          <Body {...props} one={one} />
        </>
      )}
    </PageFrame>
  );
}

function Head({ model, one, run }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { name, version, workspace, description } = one;
  const act = (command: string) => () => run(command, { name, version, workspace });
  const problem = model.isGone ? trans('This data set was deleted.') : model.problem;
  const story = [description, one.source, trans('registered %1', moment(one.createdAt))];
  return (
    <header className="jp-aml-Head">
      <div className="jp-aml-Head-line">
        <span className="jp-aml-Head-name">
          <b>{name}</b>
          <Versions model={model} one={one} />
          <span className="jp-aml-Head-experiment">
            {one.kind === 'tabular' ? trans('tabular') : trans('files')}
          </span>
        </span>
        <span className="jp-aml-Clock" title={trans('size of its files when it was registered')}>
          {one.files === null ? '' : size(one.files.size)}
        </span>
      </div>
      <div
        className={`jp-aml-Story${problem ? ' jp-mod-bad' : ''}`}
        role={problem ? 'alert' : undefined}
      >
        <div className="jp-aml-Story-first" title={one.source}>
          {problem ?? story.filter(part => part).join(' · ')}
        </div>
      </div>
      <div className="jp-aml-Actions" role="toolbar" aria-label={trans('Data set %1', name)}>
        <Button onClick={act(DataCommands.copyCode)}>{trans('Copy code')}</Button>
        <span className="jp-aml-Bar-gap" />
        <Button disabled={model.isGone} onClick={act(DataCommands.remove)}>
          {trans('Delete…')}
        </Button>
      </div>
    </header>
  );
}

function Versions({ model, one }: Pick<DatasetPartProps, 'model' | 'one'>): JSX.Element {
  const trans = useTrans();
  return (
    <select
      className="jp-aml-Versions"
      aria-label={trans('Version')}
      value={one.version}
      onChange={event => {
        const version = event.target.value;
        void model.show(version === one.versions[0] ? null : version);
      }}
    >
      {[...new Set([...one.versions, one.version])].map((version, i) => (
        <option key={version} value={version}>
          {i === 0 && one.versions.length > 1
            ? trans('version %1 (newest)', version)
            : trans('version %1', version)}
        </option>
      ))}
    </select>
  );
}

function Body(props: DatasetPartProps): JSX.Element {
  const { one } = props;
  const trans = useTrans();
  const profile: Tab = {
    id: 'profile',
    label: trans('Profile'),
    pane: () => <ProfilePane {...props} />
  };
  const tabs: Tab[] = [
    { id: 'preview', label: trans('Preview'), pane: () => <PreviewPane {...props} /> },
    ...(one.kind === 'tabular' ? [profile] : []),
    {
      id: 'files',
      label: trans('Files'),
      badge: one.files?.count,
      pane: () => <DatasetFiles {...props} />
    },
    { id: 'definition', label: trans('Definition'), pane: () => <DefinitionPane one={one} /> },
    {
      id: 'versions',
      label: trans('Versions'),
      badge: one.versions.length,
      pane: () => <VersionsPane {...props} />
    },
    { id: 'lineage', label: trans('Lineage'), pane: () => <DataLineage {...props} /> }
  ];
  return <Tabs label={trans('Parts of the data set')} tabs={tabs} />;
}
