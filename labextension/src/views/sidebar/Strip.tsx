/** The top of the sidebar: the workspace, and the nouns as a row of tabs. */

import * as React from 'react';
import type { Trans } from '../../tokens';
import { Button } from '../common/Control';
import { TransContext, useTrans } from '../common/hooks';

export interface StripTab {
  id: string;
  label: string;
  icon: JSX.Element;
  /** The id of the element that the tab fills the panel with. */
  pane: string;
  /** How many go on; 0 shows no number. */
  count: number;
  words: string;
}

interface StripProps {
  tabs: StripTab[];
  chosen: string;
  choose(id: string): void;
  workspace: string;
  workspaces(): Promise<string[]>;
  turn(workspace: string): void;
  refresh(): void;
  trans: Trans;
}

/** The id of the element of a tab, by which its pane is named. */
export function tabId(id: string): string {
  return `jupyter-aml-sidebar-tab-${id}`;
}

export function Strip(props: StripProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Workspaces {...props} />
      <Tabs {...props} />
    </TransContext.Provider>
  );
}

function Workspaces({ workspace, workspaces, turn, refresh }: StripProps): JSX.Element {
  const trans = useTrans();
  const [names, setNames] = React.useState<string[]>([]);
  const ask = (): void => void workspaces().then(setNames, () => setNames([]));
  React.useEffect(ask, [workspace]);
  return (
    <div className="jp-aml-Bar">
      <label className="jp-aml-Workspace">
        {trans('Workspace')}
        <select value={workspace} onFocus={ask} onChange={event => turn(event.target.value)}>
          {[...new Set([workspace, ...names])].map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <span className="jp-aml-Bar-gap" />
      <Button
        className="jp-mod-small"
        title={trans('Refresh')}
        aria-label={trans('Refresh')}
        onClick={refresh}
      >
        ⟳
      </Button>
    </div>
  );
}

function Tabs({ tabs, chosen, choose }: StripProps): JSX.Element {
  const trans = useTrans();
  const row = React.useRef<HTMLDivElement>(null);
  const at = tabs.findIndex(tab => tab.id === chosen);
  const press = (event: React.KeyboardEvent): void => {
    const to = target(event.key, at, tabs.length);
    if (to !== null) {
      event.preventDefault();
      choose(tabs[to].id);
      row.current?.querySelectorAll<HTMLElement>('[role=tab]')[to].focus();
    }
  };
  return (
    <div
      className="jp-aml-Strip"
      role="tablist"
      aria-label={trans('AML')}
      ref={row}
      onKeyDown={press}
    >
      {tabs.map(tab => (
        <Tab key={tab.id} tab={tab} isChosen={tab.id === chosen} choose={choose} />
      ))}
    </div>
  );
}

/** Where a key leads in a row of tabs; null where it leads nowhere. */
function target(key: string, at: number, length: number): number | null {
  const last = length - 1;
  const to = {
    ArrowRight: at === last ? 0 : at + 1,
    ArrowLeft: at <= 0 ? last : at - 1,
    Home: 0,
    End: last
  }[key];
  return length > 0 && to !== undefined ? to : null;
}

interface TabProps {
  tab: StripTab;
  isChosen: boolean;
  choose(id: string): void;
}

function Tab({ tab, isChosen, choose }: TabProps): JSX.Element {
  const { id, label, icon, pane, count, words } = tab;
  const tip = count > 0 ? `${label}: ${words}` : label;
  return (
    <button
      type="button"
      role="tab"
      id={tabId(id)}
      className="jp-aml-Strip-tab"
      title={tip}
      aria-label={tip}
      aria-selected={isChosen}
      aria-controls={pane}
      tabIndex={isChosen ? 0 : -1}
      onClick={() => choose(id)}
    >
      {icon}
      {isChosen && <span className="jp-aml-Strip-label">{label}</span>}
      {count > 0 && <span className="jp-aml-Badge">{count}</span>}
    </button>
  );
}
