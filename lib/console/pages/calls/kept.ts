import { columnsOf, type Column } from './columns.ts';
import { viewsIn, type View } from './views.ts';

/** What this browser keeps of how somebody looks at calls. */

const COLUMNS = 'esl-router.columns';
const VIEWS = 'esl-router.views';

export function keptColumns(): Column[] {
  return columnsOf((localStorage.getItem(COLUMNS) ?? '').split(','));
}

export function keepColumns(columns: readonly Column[]): void {
  localStorage.setItem(COLUMNS, columns.join(','));
}

export function keptViews(): readonly View[] {
  return viewsIn(localStorage.getItem(VIEWS) ?? '');
}

export function keepViews(views: readonly View[]): void {
  localStorage.setItem(VIEWS, JSON.stringify(views));
}
