import * as React from 'react';

/** One tab; its pane is made only when it is chosen. */
export interface Tab {
  id: string;
  label: string;
  badge?: number;
  pane(): JSX.Element;
}

let made = 0;

/** A row of tabs with the keys that such rows have: arrows, Home, End. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }): JSX.Element {
  const [id] = React.useState(() => `jp-aml-tabs-${++made}`);
  const [chosen, setChosen] = React.useState(tabs[0].id);
  const row = React.useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    tabs.findIndex(tab => tab.id === chosen)
  );

  const go = (event: React.KeyboardEvent): void => {
    const last = tabs.length - 1;
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(tabs[to].id);
      row.current?.querySelectorAll<HTMLElement>('[role=tab]')[to].focus();
    }
  };
  return (
    <div className="jp-aml-Tabs">
      <div role="tablist" aria-label={label} ref={row} onKeyDown={go}>
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={index === at}
            aria-controls={`${id}-pane`}
            tabIndex={index === at ? 0 : -1}
            onClick={() => setChosen(tab.id)}
          >
            {tab.label}
            {tab.badge ? <span className="jp-aml-Badge">{tab.badge}</span> : null}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-pane`}
        aria-labelledby={`${id}-${tabs[at].id}`}
        className="jp-aml-Pane"
      >
        {tabs[at].pane()}
      </div>
    </div>
  );
}
