import * as React from 'react';

interface SectionProps {
  /** A word for styles, and for what is remembered. */
  id: string;
  title: string;
  isOpen: boolean;
  toggle(): void;
  /** Stands at the right of the heading, also while the section is closed. */
  status?: React.ReactNode;
  actions?: React.ReactNode;
  children: React.ReactNode;
}

/** A part of the sidebar that folds up to its heading. */
export function Section(props: SectionProps): JSX.Element {
  const { id, title, isOpen, toggle } = props;
  const body = `jp-aml-section-${id}`;
  return (
    <section
      className={`jp-aml-Section jp-mod-${id}${isOpen ? ' jp-mod-open' : ''}`}
      aria-label={title}
    >
      <div className="jp-aml-Heading">
        <h2>
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={isOpen ? body : undefined}
            onClick={toggle}
          >
            <span className="jp-aml-RunGroup-arrow" aria-hidden="true">
              {isOpen ? '▾' : '▸'}
            </span>
            {title}
          </button>
        </h2>
        {isOpen && props.actions}
        <span className="jp-aml-Heading-status" role="status">
          {props.status}
        </span>
      </div>
      {isOpen && (
        <div className="jp-aml-Section-body" id={body}>
          {props.children}
        </div>
      )}
    </section>
  );
}
