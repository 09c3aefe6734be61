import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { oneCall } from '../../api/calls.ts';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { Loaded } from '../../ui/page.tsx';
import { CallView } from './call-view.tsx';
import classes from './calls.module.css';
import { differencesOf } from './differences.ts';
import { Panel } from './panel.tsx';
import { wholeRecord } from './whole.ts';

interface CompareProps {
  readonly left: string;
  readonly right: string;
  readonly onClose: () => void;
}

/** Two calls side by side, and what is not the same in them. */
export function Compare({ left, right, onClose }: CompareProps) {
  const { t } = useTranslation();
  const one = useQuery(oneCall(left));
  const other = useQuery(oneCall(right));
  const found =
    one.data === undefined || other.data === undefined
      ? null
      : differencesOf(wholeRecord(one.data.record), wholeRecord(other.data.record));
  return (
    <>
      {found !== null && (
        <Panel title={t('calls.compare.differences', { count: found.length })}>
          <Table verticalSpacing={3}>
            <Table.Tbody>
              {found.map(({ what, left: here, right: there }) => (
                <Table.Tr key={what}>
                  <Table.Th fw={400} c="dimmed" w="20%">
                    {what}
                  </Table.Th>
                  <Table.Td w="40%">
                    <ForeignLine text={here} />
                  </Table.Td>
                  <Table.Td w="40%">
                    <ForeignLine text={there} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Panel>
      )}
      <div className={classes['pair']}>
        <Loaded query={one}>{(call) => <CallView call={call} onClose={onClose} />}</Loaded>
        <Loaded query={other}>{(call) => <CallView call={call} onClose={onClose} />}</Loaded>
      </div>
    </>
  );
}
