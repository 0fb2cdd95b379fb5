import 'uplot/dist/uPlot.min.css';
import './base.css';
import './card.css';
import './panes.css';
import './log.css';
import './details.css';
import './sidebar.css';
import './environment.css';
