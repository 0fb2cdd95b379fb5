/** What the page of one environment shows. */

import * as React from 'react';
import { face, moment, numbered, plain, size, stateFace } from '../../models/common/words';
import type { EnvironmentModel } from '../../models/environments/environment';
import { Commands, EnvironmentCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireEnvironment, WireRun } from '../../wire';
import { Button, Copy } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { PageFrame } from '../common/PageFrame';
import { Tabs } from '../common/Tabs';
import type { Tab } from '../common/Tabs';
import { LogPane } from '../files/LogPane';
import { EditorContext, YamlEditor } from './YamlEditor';
import type { MakeEditor } from './YamlEditor';

export interface EnvironmentViewProps {
  model: EnvironmentModel;
  run: RunCommand;
  /** Shows the runs of the environment in the sidebar. */
  filterRuns(filter: string): void;
  editor: MakeEditor | null;
  trans?: Trans;
}

/** One environment: how it stands, what it is made of, what is in it, and who uses it. */
export function EnvironmentView(props: EnvironmentViewProps): JSX.Element {
  const { model, trans = plain } = props;
  useSignal(model.changed, 100);
  return (
    <PageFrame
      model={model}
      one={model.environment}
      label={trans('Environment %1', model.name)}
      className="jp-aml-Environment"
      loading={trans('Loading the environment')}
      state={model.environment?.state}
      trans={trans}
    >
      {one => (
        <EditorContext.Provider value={props.editor}>
          <Head {...props} one={one} />
          <Body {...props} one={one} />
        </EditorContext.Provider>
      )}
    </PageFrame>
  );
}

interface PartProps extends EnvironmentViewProps {
  one: WireEnvironment;
}

function Head({ model, one, run }: PartProps): JSX.Element {
  const trans = useTrans();
  const { glyph, tone, word } = stateFace(one.state);
  const { name, version } = one;
  const act = (command: string) => () => run(command, { name, version });
  const isBusy = one.state === 'building' || model.isGone;
  return (
    <header className="jp-aml-Head">
      <div className="jp-aml-Head-line">
        <span className={`jp-aml-State jp-mod-${tone}`} data-status={one.state} role="status">
          <span className="jp-aml-State-glyph" aria-hidden="true">
            {glyph}
          </span>
          {trans(word)}
        </span>
        <span className="jp-aml-Head-name">
          <b>{name}</b>
          <Versions model={model} one={one} />
          <span className="jp-aml-Head-experiment">
            {[one.kind, one.curated ? trans('curated') : ''].filter(fact => fact).join(' · ')}
          </span>
        </span>
        <span className="jp-aml-Clock" title={trans('size on disk')}>
          {one.size === null ? '' : size(one.size)}
        </span>
      </div>
      <div
        className={`jp-aml-Story${one.state === 'failed' ? ' jp-mod-bad' : ''}`}
        role={one.state === 'failed' ? 'alert' : undefined}
      >
        <div className="jp-aml-Story-first" title={one.reason ?? undefined}>
          {storyOf(one, model, trans)}
        </div>
      </div>
      <div className="jp-aml-Actions" role="toolbar" aria-label={trans('Environment %1', name)}>
        <Button
          className={one.state === 'ready' ? '' : 'jp-mod-accept'}
          disabled={isBusy}
          onClick={act(EnvironmentCommands.build)}
        >
          {one.state === 'ready' || one.state === 'failed' ? trans('Build again') : trans('Build')}
        </Button>
        <Button disabled={model.isGone} onClick={act(EnvironmentCommands.addKernel)}>
          {trans('Add as kernel')}
        </Button>
        <Button
          title={`%%aml submit -e ${name}`}
          disabled={model.isGone}
          onClick={act(EnvironmentCommands.copySubmit)}
        >
          {trans('Copy submit line')}
        </Button>
        <span className="jp-aml-Bar-gap" />
        {!one.curated && (
          <Button disabled={model.isGone} onClick={act(EnvironmentCommands.edit)}>
            {trans('Edit…')}
          </Button>
        )}
        <Button disabled={model.isGone} onClick={act(EnvironmentCommands.clone)}>
          {trans('Clone…')}
        </Button>
        {!one.curated && (
          <Button disabled={isBusy} onClick={act(EnvironmentCommands.remove)}>
            {trans('Delete…')}
          </Button>
        )}
      </div>
    </header>
  );
}

function storyOf(one: WireEnvironment, model: EnvironmentModel, trans: Trans): string {
  if (model.isGone) {
    return trans('This environment was deleted.');
  }
  if (model.problem) {
    return model.problem;
  }
  if (one.reason) {
    return one.reason;
  }
  return {
    'not built': trans('Not built yet. The first run or kernel that uses it builds it.'),
    building: trans('Building'),
    ready: one.builtAt ? trans('Built %1', moment(one.builtAt)) : trans('Ready'),
    failed: trans('The build failed. The build log has the details.')
  }[one.state];
}

function Versions({ model, one }: { model: EnvironmentModel; one: WireEnvironment }): JSX.Element {
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

function Body(props: PartProps): JSX.Element {
  const { model, one } = props;
  const trans = useTrans();
  const packages = one.state === 'ready' ? model.lock?.packages.length : undefined;
  const tabs: Tab[] = [
    {
      id: 'definition',
      label: trans('Definition'),
      pane: () => <DefinitionPane one={one} />
    },
    {
      id: 'packages',
      label: trans('Packages'),
      badge: packages,
      pane: () => <PackagesPane model={model} one={one} />
    },
    { id: 'log', label: trans('Build log'), pane: () => <LogPane model={model} /> },
    {
      id: 'runs',
      label: trans('Runs'),
      badge: one.runs,
      pane: () => <RunsPane {...props} />
    }
  ];
  return (
    <>
      {one.warnings.length > 0 && (
        <div className="jp-aml-Warnings">
          {one.warnings.map((warning, i) => (
            <p key={i} className="jp-aml-Warning">
              ⚠ {warning}
            </p>
          ))}
        </div>
      )}
      <Tabs label={trans('Parts of the environment')} tabs={tabs} />
    </>
  );
}

function DefinitionPane({ one }: { one: WireEnvironment }): JSX.Element {
  const trans = useTrans();
  const variables = Object.entries(
    (one.definition.environmentVariables ?? {}) as Record<string, unknown>
  );
  const docker = (one.definition.docker ?? {}) as Record<string, unknown>;
  const python = (one.definition.python ?? {}) as Record<string, unknown>;
  const pairs: [string, unknown][] = [
    [trans('Created'), moment(one.createdAt)],
    [trans('Interpreter'), one.kind === 'user-managed' ? python.interpreterPath : null],
    [trans('Docker image'), docker.enabled ? docker.baseImage : null],
    ...variables
  ];
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      {one.specification && (
        <section>
          <div className="jp-aml-Actions">
            <h4>{trans('Specification')}</h4>
            <Copy text={one.specification} label={trans('Copy the specification')} />
          </div>
          <YamlEditor
            key={`${one.name}:${one.version}`}
            label={trans('Specification')}
            text={one.specification.trimEnd()}
          />
        </section>
      )}
      <dl>
        {pairs
          .filter(([, value]) => value !== null && value !== undefined && value !== '')
          .map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </React.Fragment>
          ))}
      </dl>
    </div>
  );
}

function PackagesPane({ model, one }: Pick<PartProps, 'model' | 'one'>): JSX.Element {
  const trans = useTrans();
  const [wanted, setWanted] = React.useState('');
  React.useEffect(() => void model.loadLock(), [model, one.state, one.key]);
  if (one.state !== 'ready') {
    return <p className="jp-aml-Empty">{trans('The packages are known once it is built.')}</p>;
  }
  if (!model.lock) {
    return <p className="jp-aml-Empty">{model.lockProblem ?? trans('Loading the packages')}</p>;
  }
  const { packages, python, text } = model.lock;
  const needle = wanted.trim().toLowerCase();
  const shown = packages.filter(({ name }) => name.toLowerCase().includes(needle));
  return (
    <>
      <div className="jp-aml-Bar">
        <input
          type="search"
          placeholder={trans('Filter the packages')}
          aria-label={trans('Filter the packages')}
          value={wanted}
          onChange={event => setWanted(event.target.value)}
        />
        <span className="jp-aml-Log-count" role="status">
          {needle ? trans('%1 of %2', shown.length, packages.length) : ''}
        </span>
        <span className="jp-aml-Bar-gap" />
        <span>{python && `Python ${python.replace(/^python\s*/i, '')}`}</span>
        <Copy text={text} label={trans('Copy the lock')} />
      </div>
      <div className="jp-aml-Scroll">
        <table className="jp-aml-Table">
          <thead>
            <tr>
              <th scope="col">{trans('Package')}</th>
              <th scope="col" className="jp-mod-number">
                {trans('Version')}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, version }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="jp-mod-number">{version}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function RunsPane({ model, one, run, filterRuns }: PartProps): JSX.Element {
  const trans = useTrans();
  React.useEffect(() => void model.loadRuns(), [model, one.version, one.runs]);
  if (!model.runs) {
    return <p className="jp-aml-Empty">{model.runsProblem ?? trans('Loading the runs')}</p>;
  }
  if (model.runs.length === 0) {
    return (
      <div className="jp-aml-Empty">
        <p>{trans('No run used this version yet. In a notebook:')}</p>
        <pre>{`%%aml submit my-experiment -e ${one.name}`}</pre>
      </div>
    );
  }
  return (
    <>
      <div className="jp-aml-Bar">
        <Button onClick={() => filterRuns(`environment:${one.name}:${one.version}`)}>
          {model.total === 1
            ? trans('Show the run in the sidebar')
            : trans('Show the %1 runs in the sidebar', model.total)}
        </Button>
      </div>
      <ul className="jp-aml-Scroll jp-aml-Links">
        {model.runs.map(one => (
          <RunLink key={one.runId} one={one} run={run} />
        ))}
      </ul>
    </>
  );
}

function RunLink({ one, run }: { one: WireRun; run: RunCommand }): JSX.Element {
  const trans = useTrans();
  const { glyph, tone, word } = face(one.status);
  return (
    <li>
      <Button
        className="jp-mod-small jp-mod-link"
        onClick={() => run(Commands.open, { runId: one.runId })}
      >
        <span className={`jp-aml-State-glyph jp-mod-${tone}`} title={trans(word)}>
          {glyph}
        </span>
        {numbered(one)} · {one.experiment}
      </Button>
    </li>
  );
}
