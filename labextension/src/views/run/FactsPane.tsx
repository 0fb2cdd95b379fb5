/** The pane that tells with what a run can be repeated. */

import * as React from 'react';
import { size } from '../../models/common/words';
import { TextFile } from '../../models/files/preview';
import type { RunModel } from '../../models/run/run';
import type { WireFacts, WireGit, WireHost, WirePackage } from '../../wire';
import { Button, Copy, Trouble } from '../common/Control';
import { Diff } from '../common/Diff';
import { Grid } from '../common/Grid';
import { useSignal, useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { Pairs } from '../common/Pairs';

const DIFF = 'azureml-logs/git.diff';
const DIFF_SHOWN = 1_048_576;

/** What the run ran with: its environment, the repository, the packages, the machine. */
export function FactsPane({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  useSignal(model.changed, 500);
  const { way, run } = model;
  const asked = useAsked(
    way ? () => way.rest.facts(model.runId) : null,
    `${model.runId}/${run?.status}`
  );
  const known = React.useRef<WireFacts | null>(null);
  known.current = asked.value ?? known.current;
  const facts = known.current;
  const job = run?.job;
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      <section aria-label={trans('Environment')}>
        <h4>{trans('Environment')}</h4>
        <Pairs
          pairs={[
            [trans('Name'), job?.environment],
            [trans('Interpreter'), job?.interpreter],
            [trans('Python'), facts?.python],
            [trans('Command'), job?.command.join(' ')]
          ]}
        />
      </section>
      {asked.problem !== null && (
        <Trouble text={asked.problem} label={trans('Try again')} mend={asked.again} />
      )}
      {!way && !facts && (
        <p className="jp-aml-Empty">{trans('What was recorded is shown with the server.')}</p>
      )}
      {way && !facts && asked.problem === null && (
        <p className="jp-aml-Empty">{trans('Loading')}</p>
      )}
      {facts && (
        <>
          {facts.git && <Git git={facts.git} model={model} />}
          {facts.host && <Host host={facts.host} />}
          <Packages packages={facts.packages} />
        </>
      )}
    </div>
  );
}

function Git({ git, model }: { git: WireGit; model: RunModel }): JSX.Element {
  const trans = useTrans();
  const [isShown, setShown] = React.useState(false);
  return (
    <section aria-label={trans('Repository')}>
      <h4>{trans('Repository')}</h4>
      <Pairs
        pairs={[
          [trans('Address'), git.repository],
          [trans('Branch'), git.branch],
          [
            trans('Commit'),
            <>
              <code>{git.commit}</code> <Copy text={git.commit} label={trans('Copy the commit')} />
            </>
          ],
          [
            trans('State'),
            git.isDirty
              ? trans('with changes that were not committed, %1', size(git.diffSize))
              : trans('as committed')
          ]
        ]}
      />
      {git.isDirty && git.diffSize > 0 && (
        <Button aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? trans('Hide the changes') : trans('Show the changes')}
        </Button>
      )}
      {isShown && <Changes model={model} />}
    </section>
  );
}

/** The changes that were not committed when the run was sent. */
function Changes({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  const { server } = model;
  const file = React.useMemo(
    () =>
      new TextFile(DIFF, (offset, limit) =>
        server
          ? server.rest.fileBytes(model.runId, DIFF, offset, limit)
          : Promise.reject(new Error(trans('There is no connection to the server.')))
      ),
    [model, server]
  );
  useSignal(file.changed);
  React.useEffect(() => void file.more(DIFF_SHOWN), [file]);
  if (file.problem !== null && !file.isLoaded) {
    const mend = (): void => void file.more(DIFF_SHOWN);
    return <Trouble text={file.problem} label={trans('Try again')} mend={mend} />;
  }
  return (
    <div className="jp-aml-Facts-diff">
      <Diff text={file.text} label={trans('Changes that were not committed')} />
      {file.isLoaded && !file.isWhole && (
        <p>
          {trans('The first %1 of %2; the rest is in the files.', size(file.end), size(file.size))}
        </p>
      )}
    </div>
  );
}

function Host({ host }: { host: WireHost }): JSX.Element {
  const trans = useTrans();
  return (
    <section aria-label={trans('Machine')}>
      <h4>{trans('Machine')}</h4>
      <Pairs
        pairs={[
          [trans('Name'), host.name],
          [trans('System'), host.system],
          [trans('Processor'), host.processor],
          [trans('Cores'), host.cores],
          [trans('Memory'), size(host.memory)],
          [trans('GPUs'), host.gpus.join(', ')]
        ]}
      />
    </section>
  );
}

function Packages({ packages }: { packages: WirePackage[] }): JSX.Element {
  const trans = useTrans();
  const [wanted, setWanted] = React.useState('');
  const table = React.useMemo(() => {
    const needle = wanted.toLowerCase();
    const rows = packages
      .filter(one => one.name.toLowerCase().includes(needle))
      .map(one => [one.name, one.version]);
    return { columns: [trans('Package'), trans('Version')], rows };
  }, [packages, wanted]);
  const text = packages.map(one => `${one.name}==${one.version}`).join('\n');
  return (
    <section aria-label={trans('Packages')}>
      <h4>{trans('Packages')}</h4>
      {packages.length === 0 ? (
        <p>{trans('None are known yet: the run writes them down when it begins.')}</p>
      ) : (
        <>
          <div className="jp-aml-Bar jp-aml-Facts-bar">
            <input
              type="search"
              placeholder={trans('Filter')}
              aria-label={trans('Filter the packages')}
              value={wanted}
              onChange={event => setWanted(event.target.value)}
            />
            <span>{trans('%1 of %2', table.rows.length, packages.length)}</span>
            <Copy text={text} label={trans('Copy the packages as requirements')} />
          </div>
          <Grid table={table} label={trans('Table of packages')} />
        </>
      )}
    </section>
  );
}
