import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface Column<Row> {
  /** Absent: of buttons. */
  readonly title?: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers and buttons stand at the right. */
  readonly isRight?: boolean;
  /** What others have written. */
  readonly isForeign?: boolean;
}

interface ListingProps<Row> {
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  /** Pixels; in less room it scrolls sideways, and the page does not. */
  readonly minWidth: number;
}

/** A table of the console: its columns, and a row for each of what there is. */
export function Listing<Row>({ rows, keyOf, columns, minWidth }: ListingProps<Row>) {
  return (
    <Table.ScrollContainer minWidth={minWidth}>
      <Table verticalSpacing={6} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title, isRight }, index) =>
              title === undefined ? (
                <Table.Td key={index} />
              ) : (
                <Table.Th key={index} ta={isRight === true ? 'right' : undefined}>
                  {title}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ cell, isRight, isForeign }, index) => (
                <Table.Td
                  key={index}
                  ta={isRight === true ? 'right' : undefined}
                  className={isForeign === true ? 'foreign' : undefined}
                >
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
