import { Box, Button, Group, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './foreign-text.module.css';
import { piecesOf, type Mark, type Piece } from './marked.ts';

interface ForeignTextProps {
  readonly text: string;
  readonly marks?: readonly Mark[];
  /** Characters that are shown before somebody asks for the rest. */
  readonly limit?: number;
  readonly label: string;
}

const FIRST = 3_000;
/** A page can't show more and stay a page. */
const MOST = 70_000;

/** Text of a caller or a CRM, letter by letter as it came: what nobody would see is shown by its code, and nothing of it is markup. */
export function ForeignText({ text, marks = [], limit = FIRST, label }: ForeignTextProps) {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  // A mark must not stand where nobody looks.
  const wanted = Math.max(limit, ...marks.map(({ to }) => to + 200));
  const shown = isWhole ? MOST : Math.min(MOST, wanted);
  return (
    <Box>
      <pre className={classes['text']} tabIndex={0} role="region" aria-label={label}>
        <code className="foreign">
          <Pieces pieces={piecesOf(text, marks, shown)} />
        </code>
      </pre>
      {text.length > wanted && (
        <Group mt={4}>
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => {
              setWhole(!isWhole);
            }}
          >
            {isWhole ? t('ui.showLess') : t('ui.showAll', { count: text.length })}
          </Button>
        </Group>
      )}
    </Box>
  );
}

interface ForeignLineProps {
  readonly text: string;
  readonly limit?: number;
  readonly marks?: readonly Mark[];
}

/** The same within a line: a name, a value. */
export function ForeignLine({ text, limit = 300, marks = [] }: ForeignLineProps) {
  return (
    <bdi className="foreign">
      <Pieces pieces={piecesOf(text, marks, limit)} />
      {text.length > limit && '…'}
    </bdi>
  );
}

function Pieces({ pieces }: { readonly pieces: readonly Piece[] }) {
  return pieces.map(({ text, mark, isUnseen }, index) => {
    const inner = isUnseen ? <span className={classes['unseen']}>{text}</span> : text;
    if (mark === null) return <span key={index}>{inner}</span>;
    return (
      <Tooltip key={index} label={mark.label} multiline maw={420}>
        <mark className={classes[mark.tone]}>{inner}</mark>
      </Tooltip>
    );
  });
}
